// Strided copies and fills on the GPU: what views need before a kernel that wants dense memory.
import source from "../../shaders/copy.wgsl?raw";
import { coalesce, type Geometry, sizeOf } from "../base/shape.ts";
import type { View } from "./backend.ts";
import { type Kernel, kernel, type Launcher, type Specialisation } from "./kernel.ts";

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

/** Right-aligned fields `<prefix>0…3`: the outermost walked dimension is always field 0. */
function walk(prefix: string, values: readonly number[], missing: number): Record<string, number> {
  const [first = missing, ...rest] = values;
  const fields: Record<string, number> = { [prefix + 0]: first };
  for (let k = 1; k < kernelRank; k++) fields[prefix + k] = rest[k - kernelRank + rest.length] ?? missing;
  return fields;
}

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
        ...walk("d", a.shape, 1),
        ...walk("a", a.strides, 0),
        ...walk("b", b.strides, 0),
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
