// Keeps garbage collection in step with GPU memory, whose bytes the collector cannot see.
import type { Storage } from "../backend/backend.ts";
import { ledger } from "../backend/ledger.ts";

const mebi = 1 << 20;
/** Set once handles have been collected: before that, growth is a model being built. */
let collected = false;

const released = new FinalizationRegistry<Storage>((storage) => {
  collected = true;
  storage.release();
});

/**
 * Releases `storage` when `handle` is collected, and returns host bytes for the handle to carry in proportion to the GPU bytes it made.
 * Small tensors weigh more than they hold: engines collect only after tens of megabytes, many steps of a small network.
 */
export function track(handle: object, storage: Storage): ArrayBuffer | undefined {
  released.register(handle, storage, handle);
  const { bytes } = storage;
  if (storage.shared || bytes === 0) return undefined;
  // The pool is nearly used up: garbage that weighs more makes a collection come before the pool has to grow.
  if (collected && ledger.gpu.live > 0.75 * ledger.pool.live) new ArrayBuffer(Math.min(64 * bytes, 16 * mebi));
  return new ArrayBuffer(Math.max(bytes, Math.min(8 * bytes, 4 * mebi)));
}

export const untrack = (handle: object): void => void released.unregister(handle);
