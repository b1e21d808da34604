// The buffer pool: size classes, lowest id first, so a repeated step meets the same buffers and the same bind groups.
import { OutOfMemoryError } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import type { Fault } from "./fault.ts";
import { counts, ledger } from "./ledger.ts";

export interface PooledBuffer {
  readonly id: number;
  readonly gpu: GPUBuffer;
  readonly bytes: number;
  /** Batch that last used it; a host write must not overtake a batch that is still unsubmitted. */
  batch: number;
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

export interface BufferPool {
  /** A buffer of at least `bytes`. With `writtenBy`, only one whose last batch came before it. Errors: OutOfMemoryError beyond the device's limits. */
  take(bytes: number, writtenBy?: number): PooledBuffer;
  give(buffer: PooledBuffer): void;
  /** Destroys buffers that waited long, once what waits exceeds both a floor and half of what is alive. True when there were any. */
  trim(batch: number): boolean;
}

/** A pool of buffers of this `usage`, besides being copied into. On a broken device nothing waits in it. */
export function bufferPool(gpu: GPUDevice, fault: Fault, usage: number): BufferPool {
  /** Read once: every look at the limits of a device goes through its bindings. */
  const limit = Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize);
  const free = new Map<number, PooledBuffer[]>();
  let created = 0;
  let freeBytes = 0;

  function create(size: number): PooledBuffer {
    gpu.pushErrorScope("out-of-memory");
    const buffer = gpu.createBuffer({ size, usage: usage | GPUBufferUsage.COPY_DST, label: `wengert ${size}` });
    void fault.close([`createBuffer of ${size} bytes`]);
    counts.buffersCreated++;
    ledger.pool.add(size);
    return { id: ++created, gpu: buffer, bytes: size, batch: 0 };
  }

  function destroy({ gpu, bytes }: PooledBuffer): void {
    gpu.destroy();
    freeBytes -= bytes;
    ledger.pool.remove(bytes);
  }

  void fault.broken.then(() => {
    for (const list of free.values()) for (const b of list.splice(0)) destroy(b);
  });

  return {
    take(bytes, writtenBy = Infinity) {
      const size = classBytes(bytes);
      if (size > limit)
        throw new OutOfMemoryError(`${bytes} bytes are beyond the adapter's limit of ${limit}`, "use a smaller batch", "webgpu");
      ledger.taken.add(size);
      const list = memo(free, size, () => []);
      const at = list.findIndex((b) => b.batch < writtenBy);
      if (at < 0) return create(size);
      freeBytes -= size;
      return list.splice(at, 1)[0]!;
    },
    give(buffer) {
      ledger.taken.remove(buffer.bytes);
      freeBytes += buffer.bytes;
      if (fault.error) return destroy(buffer);
      const list = free.get(buffer.bytes)!;
      let at = list.length;
      while (at > 0 && list[at - 1]!.id > buffer.id) at--;
      list.splice(at, 0, buffer);
    },
    trim(batch) {
      if (freeBytes <= Math.max(keepBytes, ledger.gpu.live / 2)) return false;
      const before = ledger.pool.count;
      for (const [size, list] of free)
        free.set(
          size,
          list.filter((b) => {
            if (b.batch > batch - idleBatches) return true;
            destroy(b);
            return false;
          }),
        );
      return ledger.pool.count < before;
    },
  };
}
