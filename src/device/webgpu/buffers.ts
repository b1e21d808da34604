// The buffer pool: size classes, lowest id first, so a repeated step meets the same buffers and the same bind groups.
import { OutOfMemoryError, runningOp } from "../../base/errors.ts";
import { memo } from "../../base/memo.ts";
import { counts, ledger } from "../ledger.ts";
import type { Faults } from "./fault.ts";
import { usage as flags } from "./flags.ts";
import { LowestFirst } from "./heap.ts";
import type { GPUBuffer, GPUDevice } from "./names.ts";

export interface PooledBuffer {
  readonly id: number;
  /** Exchanged for another one only before its first use in a submit. */
  gpu: GPUBuffer;
  readonly bytes: number;
  /** Batch that last used it; a host write must not overtake a batch that is still unsubmitted. */
  batch: number;
  /** Why there is no memory behind it. */
  error: Error | undefined;
  /** True while it waits in the pool. */
  free: boolean;
}

const idleBatches = 100;
const keepBytes = 32 << 20;

/** Size classes: powers of two and three-quarter steps from 256 bytes; whole MiB from 16 MiB on. */
export function classBytes(bytes: number): number {
  const least = Math.max(bytes, 256);
  // A quarter of the power of two: two quarters are the power before, so three or four remain.
  const step = bytes >= 1 << 24 ? 1 << 20 : 2 ** (Math.ceil(Math.log2(least)) - 2);
  return Math.ceil(least / step) * step;
}

/** Free buffers of one size, apart from those that commands not yet submitted use: the host must not write to these. */
interface Shelf {
  readonly idle: LowestFirst<PooledBuffer>;
  readonly busy: LowestFirst<PooledBuffer>;
  /** Batches up to this one were submitted when `busy` was last looked through. */
  seen: number;
}

const emptyShelf = (): Shelf => ({ idle: new LowestFirst(), busy: new LowestFirst(), seen: 0 });

export interface BufferPool {
  /**
   * A buffer of at least `bytes`; `forHost`, one that no command still to be submitted uses.
   * Errors: OutOfMemoryError beyond the device's limits, or when it refuses at once; later refusals are the buffer's `error`.
   */
  take(bytes: number, forHost?: boolean): PooledBuffer;
  give(buffer: PooledBuffer): void;
  /** Resolves when the device has answered for every buffer made so far; undefined when it has. */
  opened(): Promise<unknown> | undefined;
  /**
   * Batches up to this one were submitted. Destroys buffers that waited long, once what waits exceeds both a floor and half of what is alive.
   * True when there were any.
   */
  passed(batch: number): boolean;
}

/**
 * A pool of buffers of this `usage`, besides being copied into. On a lost device nothing waits in it.
 * `relief` holds what each pool of the device gives up when memory runs out.
 */
export function bufferPool(gpu: GPUDevice, faults: Faults, usage: number, relief: Set<() => void>): BufferPool {
  /** Read once: every look at the limits of a device goes through its bindings. */
  const limit = Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize);
  const shelves = new Map<number, Shelf>();
  const opening = new Set<Promise<void>>();
  let created = 0;
  let freeBytes = 0;
  let submitted = 0;

  function create(size: number): PooledBuffer {
    const op = runningOp() || "webgpu";
    const attempt = (): ReturnType<typeof faults.guard<GPUBuffer>> =>
      faults.guard(
        op,
        () => `createBuffer of ${size} bytes`,
        () => {
          const made = gpu.createBuffer({ size, usage: usage | flags.copyDst, label: `wengert ${size}` }) as GPUBuffer | null;
          if (!made) throw new RangeError("got none");
          return made;
        },
      );
    let first = attempt();
    if (first.thrown && !faults.lost) {
      relieve();
      first = attempt();
    }
    if (!first.made) throw first.thrown!;
    counts.buffersCreated++;
    ledger.pool.add(size);
    const buffer: PooledBuffer = {
      id: ++created,
      gpu: first.made,
      bytes: size,
      batch: 0,
      error: undefined,
      free: false,
    };
    const { incident } = faults;
    const settle = async (): Promise<void> => {
      let error = await first.closed;
      if (error && !faults.lost) {
        relieve();
        const second = attempt();
        error = await second.closed;
        if (second.made) buffer.gpu = second.made;
      }
      buffer.error = error;
      // What was given back already is missed by nobody but commands, which say so.
      if (error && !buffer.free) faults.note(error, incident);
    };
    const answer = settle();
    opening.add(answer);
    void answer.then(() => opening.delete(answer));
    return buffer;
  }

  /** A buffer that is on no shelf any more. */
  function destroy({ gpu, bytes }: PooledBuffer): void {
    ledger.pool.remove(bytes);
    gpu.destroy();
  }

  /** Destroys the free buffers for which `picked` is true; the number of them. */
  function discard(picked: (buffer: PooledBuffer) => boolean): number {
    let count = 0;
    for (const { idle, busy } of shelves.values())
      for (const heap of [idle, busy])
        for (const buffer of heap.extract(picked)) {
          freeBytes -= buffer.bytes;
          destroy(buffer);
          count++;
        }
    return count;
  }

  relief.add(() => void discard((b) => b.batch <= submitted));
  function relieve(): void {
    for (const give of relief) give();
  }

  void faults.gone.then(() => discard(() => true));

  function fromShelf(shelf: Shelf, forHost: boolean): PooledBuffer | undefined {
    const { idle, busy } = shelf;
    if (!forHost) return busy.first && !(idle.first && idle.first.id < busy.first.id) ? busy.pop() : idle.pop();
    if (shelf.seen < submitted) for (const b of busy.extract(({ batch }) => batch <= submitted)) idle.push(b);
    shelf.seen = submitted;
    return idle.pop();
  }

  return {
    take(bytes, forHost = false) {
      if (bytes > limit)
        throw new OutOfMemoryError(
          `${bytes} bytes are beyond the adapter's limit of ${limit}`,
          "use a smaller batch",
          runningOp() || "webgpu",
        );
      const size = Math.min(classBytes(bytes), limit - (limit % 4));
      const shelf = memo(shelves, size, emptyShelf);
      let found = fromShelf(shelf, forHost);
      for (; found?.error; found = fromShelf(shelf, forHost)) {
        freeBytes -= size;
        destroy(found);
      }
      if (found) freeBytes -= size;
      found ??= create(size);
      found.free = false;
      ledger.taken.add(size);
      return found;
    },
    give(buffer) {
      ledger.taken.remove(buffer.bytes);
      if (faults.lost || buffer.error) return destroy(buffer);
      freeBytes += buffer.bytes;
      buffer.free = true;
      const { idle, busy } = shelves.get(buffer.bytes)!;
      (buffer.batch <= submitted ? idle : busy).push(buffer);
    },
    opened: () => (opening.size > 0 ? Promise.all(opening) : undefined),
    passed(batch) {
      submitted = batch;
      return freeBytes > Math.max(keepBytes, ledger.gpu.live / 2) && discard((b) => b.batch <= batch - idleBatches) > 0;
    },
  };
}
