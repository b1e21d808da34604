// Writing one view into another: the two kernels behind in-place operators on parts of a tensor.
import { coalesce, forEachOffset, type Geometry } from "../base/shape.ts";
import { denseCopy, denseFill } from "../device/copying.ts";
import { elements } from "../device/cpu.ts";
import { constantOf, type Kernels, type View } from "../device/device.ts";
import type { Launcher } from "../device/kernel.ts";

/** Calls visit(offsets, width, steps) for every row of geometries of one shape, walked side by side. */
export function eachRow(
  geometries: readonly Geometry[],
  visit: (at: readonly number[], width: number, steps: readonly number[]) => void,
): void {
  const merged = coalesce(geometries);
  const last = merged[0]!.shape.length - 1;
  const steps = merged.map((g) => g.strides[last] ?? 0);
  const rows = merged.map((g) => ({ ...g, shape: g.shape.slice(0, -1) }));
  const width = merged[0]!.shape[last] ?? 1;
  if (width > 0) forEachOffset(rows, (at) => visit(at, width, steps));
}

/** Copies x into out, same shape and dtype, any strides. */
export const stridedCopy: Kernels<"x" | "out"> = {
  cpu: ({ x, out }) => {
    const [from, to] = [elements(x), elements(out)];
    eachRow([x, out], ([i, j], width, [si, sj]) => {
      if (si === 1 && sj === 1) to.set(from.subarray(i, i! + width), j);
      else for (let c = 0; c < width; c++) to[j! + c * sj!] = from[i! + c * si!]!;
    });
  },
  gpu: ({ x, out }, _attrs, q) => denseCopy(q, x, out),
};

/** Copies x, which may be one repeated value, into the dense `out`. */
export const startFrom = {
  cpu: (x: View, out: View): void => {
    const constant = constantOf(x);
    if (constant === undefined) stridedCopy.cpu({ x, out }, {});
    else elements(out).fill(constant);
  },
  gpu: (x: View, out: View, q: Launcher): void => {
    const constant = constantOf(x);
    if (constant === undefined) denseCopy(q, x, out);
    else denseFill(q, out, constant);
  },
};
