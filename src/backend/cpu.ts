// The CPU device: typed arrays, float32 and float64, running the `cpu` half of every record.
import { type DType, hostArray, type TypedArray } from "../base/dtype.ts";
import { coalesce, forEachOffset, isContiguous, type Shape, sizeOf } from "../base/shape.ts";
import { turn } from "../base/turn.ts";
import { denseView, type Device, type Kernels, type View, type Views } from "./backend.ts";
import { ledger } from "./ledger.ts";

const allocate = (dtype: DType, elements: number): TypedArray => {
  const data = hostArray(dtype, elements);
  ledger.cpu.add(data.byteLength);
  return data;
};

export const cpu: Device = {
  type: "cpu",
  name: "CPU (typed arrays)",
  lost: undefined,
  supports: () => true,
  alloc: allocate,
  upload(dtype, data) {
    const memory = allocate(dtype, data.length);
    memory.set(data);
    return memory;
  },
  fill: (dtype, elements, value) => allocate(dtype, elements).fill(value),
  free: (memory) => ledger.cpu.remove((memory as TypedArray).byteLength),
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
export const elements = (view: View): TypedArray => view.storage.memory as TypedArray;

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
export const hostView = (data: TypedArray, dtype: DType, shape: Shape = [data.length]): View => denseView(cpu, dtype, shape, data);

/** The view itself when dense, else a dense copy; strides of a view without elements become those of a dense one. */
export const hostDense = (view: View): View =>
  isContiguous(view) && sizeOf(view.shape) > 0 ? view : hostView(dense(view), view.dtype, view.shape);
