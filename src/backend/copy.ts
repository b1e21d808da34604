// Strided copies and fills on the GPU: what views need before a kernel that wants dense memory.
import source from "../../shaders/copy.wgsl?raw";
import { coalesce, type Geometry, sizeOf } from "../base/shape.ts";
import type { View } from "./backend.ts";
import { type Kernel, kernel, type Launcher } from "./kernel.ts";

/** Dimensions a kernel walks by itself; more of them become several launches. */
export const kernelRank = 4;

/** Splits geometries that still have more than four dimensions after coalescing into slices of at most four. */
export function slices(geometries: readonly Geometry[]): Geometry[][] {
  const merged = coalesce(geometries);
  const shape = merged[0]!.shape;
  if (shape.length <= kernelRank) return [merged];
  const outer = shape.length - kernelRank;
  const count = sizeOf(shape.slice(0, outer));
  return Array.from({ length: count }, (_, i) =>
    merged.map((g) => {
      let offset = g.offset;
      let rest = i;
      for (let d = outer - 1; d >= 0; d--) {
        offset += (rest % shape[d]!) * g.strides[d]!;
        rest = Math.floor(rest / shape[d]!);
      }
      return { shape: shape.slice(outer), strides: g.strides.slice(outer), offset };
    }),
  );
}

/** Right-aligned fields `<prefix>0…3`: the outermost walked dimension is always field 0. */
export function walk(prefix: string, values: readonly number[], outer: number): Record<string, number> {
  const rank = values.length;
  const fields: Record<string, number> = { [`${prefix}0`]: rank > 0 ? values[0]! : outer };
  for (let k = 1; k < kernelRank; k++) fields[`${prefix}${k}`] = k > kernelRank - rank ? values[k - (kernelRank - rank)]! : 1;
  return fields;
}

/** Copies `from` into the view `to` of the same shape and dtype. */
export function denseCopy(launcher: Launcher, from: View, to: View): void {
  for (const [a, b] of slices([from, to]) as [Geometry, Geometry][]) {
    const size = sizeOf(a.shape);
    const rank = Math.max(1, a.shape.length);
    launcher.launch(
      kernel(source, "copy_strided", { consts: { RANK: rank } }),
      { x: from, out: to },
      { size, ...walk("d", a.shape, 1), ...walk("a", a.strides, 0), ...walk("b", b.strides, 0), a_offset: a.offset, b_offset: b.offset },
      size,
    );
  }
}

export const fillKernel = (): Kernel => kernel(source, "fill");
