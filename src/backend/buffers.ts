// The buffer pool: size classes, lowest id first, so a repeated step meets the same buffers and the same bind groups.
import { DeviceError, OutOfMemoryError } from "../base/errors.ts";
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
  readonly #device: GPUDevice;
  readonly #free = new Map<number, PooledBuffer[]>();
  readonly #onError: (error: GPUError, bytes: number) => void;
  #nextId = 1;
  #freeBytes = 0;

  constructor(device: GPUDevice, onError: (error: GPUError, bytes: number) => void) {
    this.#device = device;
    this.#onError = onError;
  }

  /** A buffer of at least `bytes`. With `writtenBy`, only one whose last batch came before it. Errors: OutOfMemoryError beyond the device's limits. */
  take(bytes: number, writtenBy = Infinity): PooledBuffer {
    const size = classBytes(bytes);
    const limit = Math.min(this.#device.limits.maxBufferSize, this.#device.limits.maxStorageBufferBindingSize);
    if (size > limit)
      throw new OutOfMemoryError(
        "webgpu",
        `a buffer of ${bytes} bytes is beyond the adapter's limit of ${limit}`,
        "split the tensor or use a smaller batch",
        {
          bytes,
          limit,
        },
      );
    const list = this.#free.get(size);
    if (list) {
      const at = writtenBy === Infinity ? 0 : list.findIndex((b) => b.batch < writtenBy);
      if (at >= 0 && at < list.length) {
        this.#freeBytes -= size;
        return list.splice(at, 1)[0]!;
      }
    }
    return this.#create(size);
  }

  give(buffer: PooledBuffer): void {
    let list = this.#free.get(buffer.bytes);
    if (!list) this.#free.set(buffer.bytes, (list = []));
    let at = list.length;
    while (at > 0 && list[at - 1]!.id > buffer.id) at--;
    list.splice(at, 0, buffer);
    this.#freeBytes += buffer.bytes;
  }

  /** Destroys buffers that waited long, once what waits exceeds both a floor and half of what is alive. Returns their ids. */
  trim(batch: number): number[] {
    if (this.#freeBytes <= Math.max(keepBytes, ledger.gpu.live / 2)) return [];
    const gone: number[] = [];
    for (const [size, list] of this.#free) {
      const kept = list.filter((b) => b.batch > batch - idleBatches);
      for (const b of list) if (b.batch <= batch - idleBatches) gone.push(this.#destroy(b));
      this.#free.set(size, kept);
    }
    return gone;
  }

  #destroy(buffer: PooledBuffer): number {
    buffer.gpu.destroy();
    this.#freeBytes -= buffer.bytes;
    ledger.pool.remove(buffer.bytes);
    return buffer.id;
  }

  #create(size: number): PooledBuffer {
    const device = this.#device;
    device.pushErrorScope("out-of-memory");
    let gpu: GPUBuffer;
    try {
      const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
      gpu = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST, label: `wengert ${size}` });
    } catch (error) {
      throw new DeviceError("webgpu", `createBuffer refused ${size} bytes: ${String(error)}`);
    } finally {
      device.popErrorScope().then(
        (error) => error && this.#onError(error, size),
        () => undefined,
      );
    }
    counts.buffersCreated++;
    ledger.pool.add(size);
    return { id: this.#nextId++, gpu, bytes: size, batch: 0 };
  }
}
