// The CPU device: typed arrays, float32 and float64, running the `cpu` half of every record.
import { type DType, hostArray, type TypedArray } from "../base/dtype.ts";
import { coalesce, forEachOffset, isContiguous, type Shape, sizeOf } from "../base/shape.ts";
import { turn } from "../base/turn.ts";
import { denseView, type Device, type Kernels, type View, type Views } from "./device.ts";
import { ledger } from "./ledger.ts";

/** What one allocation hands out. The ledger counts it in a lot, unless it is temporary. */
interface HostMemory {
  readonly data: TypedArray;
  readonly lot: Lot | undefined;
}

const lotBytes = 1 << 14;
const collected = new FinalizationRegistry<Lot["counted"]>(({ bytes, arrays }) => ledger.cpu.add(-bytes, -arrays));

/** Arrays whose end the collector tells together, since asking it about each would cost more than an operator on few elements. */
class Lot {
  /** What the ledger still counts; apart from the lot, so that it can be told when the lot is gone. */
  readonly counted = { bytes: 0, arrays: 0 };

  constructor() {
    collected.register(this, this.counted);
  }
  add(bytes: number, arrays = 1): void {
    this.counted.bytes += bytes;
    this.counted.arrays += arrays;
    ledger.cpu.add(bytes, arrays);
  }
}

let filling: Lot | undefined;

function allocate(dtype: DType, elements: number): HostMemory {
  const data = hostArray(dtype, elements);
  const lot = (filling ??= new Lot());
  lot.add(data.byteLength);
  if (lot.counted.bytes >= lotBytes) filling = undefined;
  return { data, lot };
}

export const cpu: Device = {
  type: "cpu",
  name: "CPU (typed arrays)",
  lost: undefined,
  supports: () => true,
  alloc: allocate,
  upload(dtype, data) {
    const memory = allocate(dtype, data.length);
    memory.data.set(data);
    return memory;
  },
  fill(dtype, elements, value) {
    const memory = allocate(dtype, elements);
    memory.data.fill(value);
    return memory;
  },
  free(memory) {
    const { data, lot } = memory as HostMemory;
    lot?.add(-data.byteLength, -1);
  },
  run(_name: string, kernels: Kernels, io: Views, attrs: object) {
    kernels.cpu(io, attrs);
  },
  transaction(fn, undo) {
    try {
      return fn();
    } catch (error) {
      undo?.();
      throw error;
    }
  },
  read: (view) => Promise.resolve(dense(view).slice()),
  // A wait lets the collector's tasks run, whatever there was to wait for.
  sync: turn,
};

/** The typed array behind a view, whole storage: index it with the view's offset and strides. */
export const elements = (view: View): TypedArray => (view.storage.memory as HostMemory).data;

/** The view's elements in row-major order: a window when dense, else a copy. */
export function dense(view: View): TypedArray {
  const data = elements(view);
  const n = sizeOf(view.shape);
  if (isContiguous(view)) return data.subarray(view.offset, view.offset + n) as TypedArray;
  const out = hostArray(view.dtype, n);
  const [g] = coalesce([view]);
  forEachOffset([g!], ([at], i) => {
    out[i] = data[at!]!;
  });
  return out;
}

/** Temporary memory of the CPU as a view; it is garbage collected, so the ledger does not count it. */
export const hostView = (data: TypedArray, dtype: DType, shape: Shape = [data.length]): View =>
  denseView(cpu, dtype, shape, { data, lot: undefined });

/** The view itself when dense, else a dense copy; strides of a view without elements become those of a dense one. */
export const hostDense = (view: View): View =>
  isContiguous(view) && sizeOf(view.shape) > 0 ? view : hostView(dense(view), view.dtype, view.shape);
