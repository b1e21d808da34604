// Strided copies and fills on the GPU: what views need before a kernel that wants dense memory.
import source from "../../shaders/copy.wgsl?raw";
import { coalesce, type Geometry, sizeOf } from "../base/shape.ts";
import type { View } from "./device.ts";
import { bitsOf, type Kernel, kernel, type Launcher, type Specialisation } from "./kernel.ts";

/** Dimensions a kernel walks by itself; more of them become several launches. */
const kernelRank = 4;

/** Splits geometries that still have more than four dimensions after coalescing into slices of at most four. */
function slices(geometries: readonly Geometry[]): Geometry[][] {
  const merged = coalesce(geometries);
  const shape = merged[0]!.shape;
  if (shape.length <= kernelRank) return [merged];
  return Array.from({ length: shape[0]! }, (_, i) =>
    slices(merged.map((g) => ({ shape: shape.slice(1), strides: g.strides.slice(1), offset: g.offset + i * g.strides[0]! }))),
  ).flat();
}

/** Fields `<prefix>0…3`: 0 for the outermost dimension, the last ones for the others. The kernel reads as many as it walks. */
const walk = (prefix: string, values: readonly number[]): Record<string, number> =>
  Object.fromEntries(values.map((value, i) => [prefix + (i && i + kernelRank - values.length), value]));

/** Launches an entry of copy.wgsl for every element of two geometries of the same shape, walked side by side. */
export function launchPairs(
  q: Launcher,
  entry: "copy_strided" | "gather",
  bind: Readonly<Record<string, View>>,
  pair: readonly Geometry[],
  spec: Specialisation = {},
  along?: { stride: number; extent: number },
): void {
  let done = 0;
  for (const [a, b] of slices(pair) as [Geometry, Geometry][]) {
    const size = sizeOf(a.shape);
    q.launch(
      kernel(source, entry, { ...spec, RANK: Math.max(1, a.shape.length) }),
      bind,
      {
        size,
        ...walk("d", a.shape),
        ...walk("a", a.strides),
        ...walk("b", b.strides),
        a_offset: a.offset,
        b_offset: b.offset,
        ...along,
        out_offset: done,
      },
      size,
    );
    done += size;
  }
}

/** Copies `from` into the view `to` of the same shape and dtype. */
export const denseCopy = (q: Launcher, from: View, to: View): void => launchPairs(q, "copy_strided", { x: from, out: to }, [from, to]);

export const fillKernel = (): Kernel => kernel(source, "fill");

/** Fills a whole dense buffer with one value. */
export function denseFill(q: Launcher, out: View, value: number): void {
  const size = sizeOf(out.shape);
  q.launch(fillKernel(), { filled: out }, { size, value: bitsOf(out.dtype, value) }, Math.ceil(size / 4));
}
