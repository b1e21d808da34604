// Max pooling and its adjoint: the kernels of shaders/pooling.wgsl and their twins.
import source from "../../shaders/pooling.wgsl?raw";
import { type DType, isFloat } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import { dense, elements } from "../device/cpu.ts";
import type { Io, View } from "../device/device.ts";
import { axisFields, bitsOf, kernel, type Launcher, wgslType } from "../device/kernel.ts";
import { type Sliding, three } from "./convolution.ts";

/** Windows over the last dimensions, as many as `kernel` has sizes. */
export interface Windows extends Sliding {
  readonly kernel: readonly number[];
}
type Axes = readonly [number, number, number];
type Geometry = readonly [padding: Axes, input: Axes, output: Axes, stride: Axes, dilation: Axes, window: Axes];

/** Padding, sizes of inputs and outputs, strides, dilation and windows along three axes. */
const geometry = (x: View, y: View, { kernel: k, stride, padding, dilation }: Windows): Geometry =>
  [
    three(padding, 0),
    ...[x.shape.slice(-k.length), y.shape.slice(-k.length), stride, dilation, k].map((list) => three(list, 1)),
  ] as unknown as Geometry;

/** The smallest element of a dtype. */
const lowest = (dtype: DType): number => (isFloat(dtype) ? -Infinity : dtype === "int32" ? -0x80000000 : 0);

/** Kernels for windows that tile x exactly, and for all others. */
const entries = { tiles: "max_pool_tiles", windows: "max_pool" };
const adjoints = { tiles: "max_pool_tiles_backward", windows: "max_pool_backward" };

/** Launches the kernel over windows from the view x to y, or its adjoint. */
function launch(q: Launcher, x: View, y: View, a: Windows, bind: Record<string, View>, adjoint = false): void {
  const axes = geometry(x, y, a);
  const [padding, input, output, stride, dilation, window] = axes;
  const tiles =
    window.every((k, i) => stride[i] === k && !padding[i] && dilation[i] === 1 && output[i]! * k === input[i]) && input[0] === 1;
  const size = sizeOf(adjoint && !tiles ? x.shape : y.shape);
  q.launch(
    kernel(source, (adjoint ? adjoints : entries)[tiles ? "tiles" : "windows"], {
      Scalar: wgslType(x.dtype),
      LOWEST: bitsOf(x.dtype, lowest(x.dtype)),
      ...axisFields("k", window),
    }),
    bind,
    Object.assign({ size }, ...["p", "", "o", "s", "l"].map((prefix, i) => axisFields(prefix, axes[i]!))) as Record<string, number>,
    size,
  );
}

function cpuMaxPool({ x, out, indices }: Io<"x" | "indices">, a: Windows): void {
  const from = dense(x);
  const [to, winners] = [elements(out), elements(indices)];
  const [padding, size, places, stride, dilation, window] = geometry(x, out, a);
  // Along each axis the input positions of every window; together the places of a plane that it covers.
  const along = places.map((count, i) =>
    Array.from({ length: count }, (_place, o) =>
      Array.from({ length: window[i]! }, (_tap, j) => o * stride[i]! - padding[i]! + j * dilation[i]!).filter(
        (v) => v >= 0 && v < size[i]!,
      ),
    ),
  );
  const covered = along.reduce<number[][]>(
    (outer, axis, i) => outer.flatMap((before) => axis.map((own) => before.flatMap((at) => own.map((v) => at * size[i]! + v)))),
    [[0]],
  );
  for (let o = 0, plane = 0; o < to.length; plane += sizeOf(size))
    for (const cells of covered) {
      let best = lowest(x.dtype);
      let winner = -1;
      for (let k = 0; k < cells.length; k++) {
        const v = from[plane + cells[k]!]!;
        if (winner < 0 || v > best || v !== v) {
          best = v;
          winner = cells[k]!;
        }
      }
      to[o] = best;
      winners[o++] = winner;
    }
}

/** The largest element of every window, and its flat position among the pooled dimensions; −1 where a window holds none. */
export const maxPooling = {
  cpu: cpuMaxPool,
  gpu: ({ x, out, indices }: Io<"x" | "indices">, a: Windows, q: Launcher): void => launch(q, x, out, a, { x: q.dense(x), out, indices }),
};

/** The adjoint: every element of g goes to the position that won, summed where windows overlap. */
export const maxPoolAdjoint = {
  cpu: ({ g, indices, out }: Io<"g" | "indices">, { windows: { kernel } }: { readonly windows: Windows }): void => {
    const [slope, winners, to] = [dense(g), dense(indices), elements(out).fill(0)];
    const [inner, outer] = [out, g].map((v) => sizeOf(v.shape.slice(-kernel.length))) as [number, number];
    for (let o = 0; o < slope.length; o++) if (winners[o]! >= 0) to[Math.floor(o / outer) * inner + winners[o]!]! += slope[o]!;
  },
  gpu: ({ g, indices, out }: Io<"g" | "indices">, { windows }: { readonly windows: Windows }, q: Launcher): void =>
    launch(q, out, g, windows, { g: q.dense(g), winners: q.dense(indices), out }, true),
};
