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
  if (bytes >= 1 << 24) return Math.ceil(bytes / (1 << 20)) * (1 << 20);
  const power = 2 ** Math.ceil(Math.log2(Math.max(bytes, 256)));
  return bytes <= power * 0.75 && power > 256 ? power * 0.75 : power;
}

export class BufferPool {
  readonly #gpu: GPUDevice;
  readonly #fault: Fault;
  readonly #usage: number;
  /** Read once: every look at the limits of a device goes through its bindings. */
  readonly #limit: number;
  readonly #free = new Map<number, PooledBuffer[]>();
  #created = 0;
  #freeBytes = 0;

  /** `usage` of all its buffers besides being copied into. */
  constructor(gpu: GPUDevice, fault: Fault, usage: number) {
    this.#gpu = gpu;
    this.#fault = fault;
    this.#usage = usage;
    this.#limit = Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize);
  }

  /** A buffer of at least `bytes`. With `writtenBy`, only one whose last batch came before it. Errors: OutOfMemoryError beyond the device's limits. */
  take(bytes: number, writtenBy = Infinity): PooledBuffer {
    const size = classBytes(bytes);
    if (size > this.#limit)
      throw new OutOfMemoryError(
        "webgpu",
        `a buffer of ${bytes} bytes is beyond the adapter's limit of ${this.#limit}`,
        "use a smaller batch, or split the tensor",
      );
    ledger.taken.add(size);
    const list = memo(this.#free, size, () => []);
    const at = list.findIndex((b) => b.batch < writtenBy);
    if (at < 0) return this.#create(size);
    this.#freeBytes -= size;
    return list.splice(at, 1)[0]!;
  }

  give(buffer: PooledBuffer): void {
    ledger.taken.remove(buffer.bytes);
    const list = this.#free.get(buffer.bytes)!;
    let at = list.length;
    while (at > 0 && list[at - 1]!.id > buffer.id) at--;
    list.splice(at, 0, buffer);
    this.#freeBytes += buffer.bytes;
  }

  /** Destroys buffers that waited long, once what waits exceeds both a floor and half of what is alive. True when there were any. */
  trim(batch: number): boolean {
    if (this.#freeBytes <= Math.max(keepBytes, ledger.gpu.live / 2)) return false;
    const before = ledger.pool.count;
    for (const [size, list] of this.#free)
      this.#free.set(
        size,
        list.filter((b) => {
          if (b.batch > batch - idleBatches) return true;
          b.gpu.destroy();
          this.#freeBytes -= size;
          ledger.pool.remove(size);
          return false;
        }),
      );
    return ledger.pool.count < before;
  }

  #create(size: number): PooledBuffer {
    const gpu = this.#gpu;
    gpu.pushErrorScope("out-of-memory");
    const buffer = gpu.createBuffer({ size, usage: this.#usage | GPUBufferUsage.COPY_DST, label: `wengert ${size}` });
    void this.#fault.close(gpu, [`createBuffer of ${size} bytes`]);
    counts.buffersCreated++;
    ledger.pool.add(size);
    return { id: ++this.#created, gpu: buffer, bytes: size, batch: 0 };
  }
}
