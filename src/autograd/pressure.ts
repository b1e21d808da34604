// Keeps garbage collection in step with GPU memory, whose bytes the collector cannot see: handles that are left to it carry host bytes in
// proportion (Weights), and where the program waits anyhow it waits for the collector rather than let the pool grow (Relief).
// The constants come from plain LeNet loops of 1,000 steps, batch 16 and 64, in Node and Chromium, alone and beside three busy loops on two
// cores, where the pool has to stay flat (test/training/memory.test.ts, bench/soak.ts).
import { turn } from "../base/turn.ts";
import type { Storage } from "../device/device.ts";
import { ledger } from "../device/ledger.ts";
import type { Tensor } from "../ops/tensor.ts";

const mebi = 1 << 20;
/** A pool that is not worth a collection: less than engines let pile up themselves. Hurrying smaller ones took half the host time of small operators. */
const smallPool = 8 * mebi;

class Weights {
  /** Small amounts are carried together: an ArrayBuffer costs more than a small operator. With 64 KiB the pool's peak drifted from window to window. */
  static readonly portion = 1 << 12;
  /** A small tensor weighs eight times what it holds, but never above 4 MiB: engines collect after tens of megabytes, many steps of a small network. */
  static readonly factor = 8;
  static readonly heaviest = 4 * mebi;
  /** From this share of the pool on a handle hurries a collection, by 64 times its bytes and up to 16 MiB, thrown away 4 MiB at a time. */
  static readonly nearlyFull = 0.75;
  static readonly hurryFactor = 64;
  static readonly hurryMost = 16 * mebi;
  static readonly hurryPortion = 4 * mebi;

  /** Whether handles were collected before: until then growth is a model being built. */
  collected = false;
  /** Host bytes that handles should carry and do not yet. */
  #owed = 0;
  /** Host bytes to throw away. */
  #hurry = 0;

  /** Lets a handle whose memory is its own carry its share. */
  weigh(handle: Tensor): void {
    const { storage } = handle;
    if (storage.shared || storage.constant !== undefined) return;
    const bytes = 4 * storage.elements;
    const { gpu, pool } = ledger;
    if (this.collected && pool.live > smallPool && gpu.live > Weights.nearlyFull * pool.live)
      this.#hurry += Math.min(Weights.hurryFactor * bytes, Weights.hurryMost);
    if (this.#hurry >= Weights.hurryPortion) {
      provoke(this.#hurry);
      this.#hurry = 0;
    }
    this.#owed += Math.max(bytes, Math.min(Weights.factor * bytes, Weights.heaviest));
    if (this.#owed < Weights.portion) return;
    handle.pressure = new ArrayBuffer(this.#owed);
    this.#owed = 0;
  }
}

class Relief {
  /** A pool that was enough for so many waits is not let grow for garbage. */
  static readonly enough = 32;
  /** Until then it may take this many times what is needed: LeNet at batch 16 stays at 2.5. */
  static readonly room = 3;
  /** The collector needs up to 170 ms on a loaded machine, and sixteen provocations are as good as more. */
  static readonly patienceMs = 300;
  static readonly rounds = 16;
  static readonly provocation = 64 * mebi;
  /** The longest pause, in waits, after reliefs that found nothing. */
  static readonly longestPause = 256;

  /** Bytes in use at the last wait. */
  #before = 0;
  /** The least in use at a wait of late. It drifts up by 1 in 200, so that a program that grew is believed after a while. */
  #least = Infinity;
  /** The most by which use rose between two waits of late. It fades by a tenth with each. */
  #stretch = 0;
  /** Bytes of the pool at the last wait, and the waits since it grew. */
  #reserved = 0;
  #calm = 0;
  /** Waits to let pass before the next relief: twice as many after each that found no garbage. */
  #pause = 0;
  #penalty = 1;

  /** Waits for a collection when another stretch like the last ones would make the pool grow for garbage. */
  async wait(): Promise<void> {
    this.#observe();
    if (weights.collected && --this.#pause < 0 && this.#short) await this.#relieve();
    ledger.taken.resetPeak();
    this.#before = ledger.taken.live;
  }

  #observe(): void {
    const { taken, pool } = ledger;
    this.#stretch = Math.max(taken.peak - this.#before, 0.9 * this.#stretch);
    this.#least = Math.min(taken.live, 0.995 * this.#least + 0.005 * taken.live);
    this.#calm = pool.live > this.#reserved ? 0 : this.#calm + 1;
    this.#reserved = pool.live;
  }

  /** Whether the next stretch needs more than there is, or than is fair. */
  get #short(): boolean {
    const { taken, pool } = ledger;
    const fair = this.#calm < Relief.enough ? Relief.room * (this.#least + this.#stretch) : 0;
    return taken.live + this.#stretch > Math.max(pool.live, smallPool, fair);
  }

  async #relieve(): Promise<void> {
    // Waits that come meanwhile pass.
    this.#pause = Infinity;
    const deadline = performance.now() + Relief.patienceMs;
    for (let round = 0; this.#short && performance.now() < deadline; round++) {
      if (round < Relief.rounds) provoke(Relief.provocation);
      await turn();
    }
    this.#penalty = this.#short ? Math.min(2 * this.#penalty, Relief.longestPause) : 1;
    this.#pause = this.#penalty - 1;
  }
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

const weights = new Weights();
const relief = new Relief();
const registry = new FinalizationRegistry<Storage>((storage) => {
  weights.collected = true;
  storage.release();
});

/** From now on the storage is released when its handle is collected. */
export function track(handle: Tensor): void {
  if (handle.tracked || handle.storage.device.type === "cpu") return;
  handle.tracked = true;
  registry.register(handle, handle.storage, handle);
  weights.weigh(handle);
}

/** The handle lets go by itself, or its storage is exchanged. */
export function untrack(handle: Tensor): void {
  if (handle.tracked) registry.unregister(handle);
  handle.tracked = false;
  handle.pressure = undefined;
}

/** To be awaited wherever the program waits anyhow. Without this a collection that comes late makes the pool grow. */
export const relieve = (): Promise<void> => relief.wait();
