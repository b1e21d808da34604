// Looking values up in sorted rows, and among others: the kernels of shaders/search.wgsl and their twins.
import source from "../../shaders/search.wgsl?raw";
import { isFloat } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import { dense, elements } from "../device/cpu.ts";
import type { Io } from "../device/device.ts";
import { kernel, type Launcher, wgslType } from "../device/kernel.ts";

export interface Side {
  /** Equal elements stand before the place that is looked for. */
  readonly right: boolean;
}

/** How many values share a row of `sorted`: all of them where there is one row. */
const rowOf = ({ x, sorted }: Io<"x" | "sorted">): number => (sorted.shape.length === 1 ? sizeOf(x.shape) : x.shape.at(-1)!);

/** The place of every value in its row of `sorted`, which is in the order that `sorter` gives where it is not sorted itself. */
export const places = {
  cpu: (io: Io<"x" | "sorted" | "sorter?">, { right }: Side): void => {
    const [values, rows, order, to] = [dense(io.x), dense(io.sorted), io.sorter && dense(io.sorter), elements(io.out)];
    const [row, length] = [rowOf(io), io.sorted.shape.at(-1)!];
    for (let e = 0; e < to.length; e++) {
      const start = Math.floor(e / row) * length;
      const v = values[e]!;
      let [low, high] = [0, length];
      while (low < high) {
        const middle = (low + high) >> 1;
        const element = rows[start + (order ? order[start + middle]! : middle)]!;
        // Said by what is not, so that NaN stands behind everything.
        if (right ? !(element > v) : !(element >= v)) low = middle + 1;
        else high = middle;
      }
      to[e] = low;
    }
  },
  gpu: (io: Io<"x" | "sorted" | "sorter?">, { right }: Side, q: Launcher): void => {
    const { x, sorted, sorter, out } = io;
    const program = kernel(source, "search", {
      Scalar: wgslType(x.dtype),
      at: sorter ? "at_sorter" : "at",
      before: `before${right ? "_right" : ""}${isFloat(x.dtype) ? "_float" : ""}`,
    });
    const size = sizeOf(out.shape);
    const bind = { x: q.dense(x), sorted: q.dense(sorted), ...(sorter && { sorter: q.dense(sorter) }), out };
    q.launch(program, bind, { size, row: rowOf(io), length: sorted.shape.at(-1)! }, size);
  },
};

export interface Membership {
  readonly invert: boolean;
}

/** Whether every value is one of the elements of `sorted`, in whatever order these stand. */
export const member = {
  cpu: ({ x, sorted, out }: Io<"x" | "sorted">, { invert }: Membership): void => {
    const [values, to] = [dense(x), elements(out)];
    const known = new Set<number>(dense(sorted));
    // To a set NaN is one of its kind.
    known.delete(NaN);
    for (let e = 0; e < to.length; e++) to[e] = Number(known.has(values[e]!) !== invert);
  },
  gpu: ({ x, sorted, out }: Io<"x" | "sorted">, { invert }: Membership, q: Launcher): void => {
    const program = kernel(source, "member", { Scalar: wgslType(x.dtype), same: isFloat(x.dtype) ? "same_float" : "same" });
    const size = sizeOf(out.shape);
    const bind = { x: q.dense(x), sorted: q.dense(sorted), found: out };
    q.launch(program, bind, { size, length: sizeOf(sorted.shape), invert: Number(invert) }, size);
  },
};
