// Keeps garbage collection in step with GPU memory, whose bytes the collector cannot see.
import type { Storage } from "../backend/backend.ts";
import { ledger } from "../backend/ledger.ts";
import type { Tensor } from "../tensor.ts";

const mebi = 1 << 20;
/** Small amounts are carried together: an ArrayBuffer costs more than the operator that would carry it. */
const portion = 1 << 12;
/** Set once handles have been collected: before that, growth is a model being built. */
let collected = false;
let owed = 0;

const released = new FinalizationRegistry<Storage>((storage) => {
  collected = true;
  storage.release();
});

/** From now on the storage is released when its handle is collected. */
export function track(handle: Tensor): void {
  if (handle.tracked || handle.storage.device.type === "cpu") return;
  handle.tracked = true;
  released.register(handle, handle.storage, handle);
}

/**
 * Lets handles carry host bytes in proportion to the GPU bytes they made.
 * Small tensors weigh more than they hold: engines collect only after tens of megabytes, many steps of a small network.
 */
export function weigh(handle: Tensor): void {
  const { storage } = handle;
  if (storage.device.type === "cpu" || storage.shared || storage.constant !== undefined) return;
  const bytes = 4 * storage.elements;
  // The pool is nearly used up: garbage that weighs more makes a collection come before the pool has to grow.
  if (collected && ledger.gpu.live > 0.75 * ledger.pool.live) new ArrayBuffer(Math.min(64 * bytes, 16 * mebi));
  owed += Math.max(bytes, Math.min(8 * bytes, 4 * mebi));
  if (owed < portion) return;
  handle.pressure = new ArrayBuffer(owed);
  owed = 0;
}

/** The handle lets go by itself, or its storage is exchanged. */
export function untrack(handle: Tensor): void {
  if (handle.tracked) released.unregister(handle);
  handle.tracked = false;
  handle.pressure = undefined;
}
