// Keeps garbage collection in step with GPU memory, whose bytes the collector cannot see.
import { turn } from "../base/turn.ts";
import type { Storage } from "../device/device.ts";
import { ledger } from "../device/ledger.ts";
import type { Tensor } from "../ops/tensor.ts";

const mebi = 1 << 20;
/** Small amounts are carried together: an ArrayBuffer costs more than the operator that would carry it. */
const portion = 1 << 12;
/** A pool that is not worth a collection: less than the collector itself lets pile up. */
const small = 8 * mebi;
/** Set once handles have been collected: before that, growth is a model being built. */
let collected = false;
let owed = 0;
let hurry = 0;

const released = new FinalizationRegistry<Storage>((storage) => {
  collected = true;
  storage.release();
});

/** From now on the storage is released when its handle is collected. */
export function track(handle: Tensor): void {
  if (handle.tracked || handle.storage.device.type === "cpu") return;
  handle.tracked = true;
  released.register(handle, handle.storage, handle);
  weigh(handle);
}

/**
 * Lets handles that are left to the collector carry host bytes in proportion to the GPU bytes they made.
 * Small tensors weigh more than they hold: engines collect only after tens of megabytes, many steps of a small network.
 */
function weigh(handle: Tensor): void {
  const { storage } = handle;
  if (storage.shared || storage.constant !== undefined) return;
  const bytes = 4 * storage.elements;
  // The pool is nearly used up: garbage that weighs more makes a collection come before the pool has to grow. A small one may grow.
  if (collected && ledger.pool.live > small && ledger.gpu.live > 0.75 * ledger.pool.live) hurry += Math.min(64 * bytes, 16 * mebi);
  if (hurry >= 4 * mebi) {
    provoke(hurry);
    hurry = 0;
  }
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

/** Bytes in use at the last wait, the least of late, and the most by which they rose between two waits of late. */
let before = 0;
let least = Infinity;
let stretch = 0;
/** Bytes of the pool at the last wait, and the waits since it grew. */
let reserved = 0;
let calm = 0;
/** Waits to let pass: twice as many after each time that there was no garbage to find. */
let pause = 0;
let penalty = 1;

/**
 * To be awaited wherever the program waits anyhow: when another stretch like the last ones would make the pool grow, although it takes three
 * times what is needed or has been enough for 32 waits, the collector goes first. Without this a collection that comes late makes the pool grow.
 */
export async function relieve(): Promise<void> {
  const { taken, pool } = ledger;
  stretch = Math.max(taken.peak - before, 0.9 * stretch);
  least = Math.min(taken.live, 0.995 * least + 0.005 * taken.live);
  calm = pool.live > reserved ? 0 : calm + 1;
  reserved = pool.live;
  const short = (): boolean => taken.live + stretch > Math.max(pool.live, small, calm < 32 ? 3 * (least + stretch) : 0);
  if (collected && --pause < 0 && short()) {
    pause = Infinity;
    const deadline = performance.now() + 300;
    for (let round = 0; short() && performance.now() < deadline; round++) {
      if (round < 16) provoke(64 * mebi);
      await turn();
    }
    penalty = short() ? Math.min(2 * penalty, 256) : 1;
    pause = penalty - 1;
  }
  taken.resetPeak();
  before = taken.live;
}

/**
 * Memory that is thrown away at once, much of it: engines collect before they take more. Nobody touches it, so it costs addresses only.
 * The size is an argument because a bundler takes an ArrayBuffer of a size that it knows for one without effects, and leaves it out.
 */
function provoke(bytes: number): void {
  try {
    new ArrayBuffer(bytes);
  } catch {
    // There is none: then the engine has just looked for garbage itself.
  }
}
