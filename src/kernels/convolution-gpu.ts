// Convolutions on the GPU: the padding copy, and conv_rows, whose windows slide along rows without padding or im2col.
import source from "../../shaders/convolution.wgsl?raw";
import { sizeOf } from "../base/shape.ts";
import type { View } from "../device/device.ts";
import { axisFields, kernel, type Launcher } from "../device/kernel.ts";
import { contract } from "./contraction.ts";
import { type Axis, type ConvHost, type Correlation, each, from, offsetTable } from "./convolution.ts";

/** The GPU's side of the plans in conv.ts. */
export const gpuConv = (launcher: Launcher): ConvHost => ({
  contract: (problem) => contract(launcher, problem),
  dense: (view) => launcher.dense(view),
  table: (key, make) => launcher.table(key, make),
  padded: (x, extent, low) => padded(launcher, x, extent, low),
  slide: (problem) => convRows(launcher, problem),
});

/** Fields `<prefix>_i, _c, _d, _h, _w` of a [N, C, D, H, W] view's strides, and its offset. */
const strideFields = (prefix: string, { offset, strides }: View): Record<string, number> => ({
  [`${prefix}_off`]: offset,
  [`${prefix}_i`]: strides[0]!,
  [`${prefix}_c`]: strides[1]!,
  ...axisFields(`${prefix}_`, strides.slice(2)),
});

function padded(launcher: Launcher, x: View, [depth, height, width]: readonly number[], low: readonly number[]): View {
  const words = [depth!, height!, Math.ceil(width! / 4)];
  const shape = [x.shape[0]!, x.shape[1]!, depth!, height!, 4 * words[2]!];
  const view = launcher.scratch("float32", shape);
  const size = sizeOf(shape) / 4;
  launcher.launch(
    kernel(source, "pad"),
    { input: x, padded: view },
    {
      size,
      channels: shape[1]!,
      ...strideFields("x", x),
      ...axisFields("size_", x.shape.slice(2)),
      ...axisFields("out_", words),
      ...axisFields("low_", low),
    },
    size,
  );
  return view;
}

/** Words per invocation: reads of weights (shared by the words) and of inputs dominate; arithmetic is a twentieth of a read. */
function cheapestCols(width: number, weights: number): number {
  const cost = (c: number): number => Math.ceil(width / (4 * c)) * (weights + 4 * (c + 1) + 0.2 * c * weights);
  return [4, 3, 2, 1].reduce((best, c) => (cost(c) < cost(best) ? c : best), 4);
}

/** Offsets in x and weight, depth and row within the window, for each step: a channel, and a depth and row of taps. */
function stepTable(launcher: Launcher, { x, weight, along, groups, axes }: Correlation): View {
  const [d, h] = axes as [Axis, Axis];
  const shape = [x.shape[1]! / groups, d.taps, h.taps];
  const [, inX, deepX, downX] = x.strides as [number, number, number, number];
  const [, , deepW, downW] = weight.strides as [number, number, number, number];
  const strides = [
    [inX, d.by * deepX, h.by * downX],
    [along.c, d.every * deepW, h.every * downW],
    [0, d.by, 0],
    [0, 0, h.by],
  ];
  const geometries = strides.map((list) => ({ shape, strides: list, offset: 0 }));
  return offsetTable(launcher, "rows", geometries);
}

/** Records the launch, if conv_rows takes the problem. Many channels prefer workgroup tiles where barriers are cheap. */
function convRows(launcher: Launcher, problem: Correlation): boolean {
  const { x, weight, along, out, bias, groups, axes } = problem;
  const { barriersAreSlow: slow, maxWorkgroupsPerDimension: limit } = launcher.traits;
  const [images, outputs, ...outSize] = out.shape as [number, number, number, number, number];
  const size = x.shape.slice(2);
  const m = outputs / groups;
  const { taps, step, by } = axes[2]!;
  const rows = Math.min(8, m);
  const cols = cheapestCols(outSize[2], rows * taps);
  const tiles = Math.ceil(outSize[2] / (4 * cols));
  const count = images * outSize[0] * outSize[1] * tiles;
  const fits = count <= 64 * limit && Math.ceil(m / rows) <= limit && groups <= limit;
  if (taps < 2 || taps > 5 || step !== 1 || by !== 1 || x.strides[4] !== 1 || !(slow || m < 32) || !fits) return false;
  const border = axes.some((a, i) => a.from !== 0 || (a.places - 1) * a.step + (a.taps - 1) * a.by >= size[i]!);
  const aligned = !border && [x.offset, ...x.strides.slice(0, 4)].every((s) => s % 4 === 0);
  const vector = outSize[2] % 4 === 0 && out.offset % 4 === 0;
  const wgX = slow && count <= 16 * limit ? 16 : 64;
  launcher.launch(
    kernel(source, "conv_rows", {
      TAPS: taps,
      ROWS: rows,
      COLS: cols,
      WG_X: wgX,
      word_at: border ? "word_at_border" : aligned ? "word_at_aligned" : "word_at",
      store: vector ? "store_aligned" : "store",
      epilogue: bias ? "epilogue_bias" : "epilogue",
    }),
    {
      [aligned ? "input4" : "input"]: x,
      weight,
      row_steps: stepTable(launcher, problem),
      ...(bias ? { bias } : {}),
      [vector ? "output4" : "output"]: out,
    },
    {
      m,
      steps: (x.shape[1]! / groups) * axes[0]!.taps * axes[1]!.taps,
      contracted: x.shape[1]! / groups,
      w_off: from(weight, each(axes, "first")).offset,
      w_m: along.m,
      w_tap: axes[2]!.every,
      w_group: sizeOf(weight.shape) / groups,
      ...strideFields("x", x),
      ...axisFields("size_", size),
      ...axisFields("from_", each(axes, "from")),
      ...axisFields("step_", each(axes, "step")),
      ...strideFields("y", out),
      ...axisFields("out_", outSize),
      tiles,
      count,
    },
    [Math.ceil(count / wgX), Math.ceil(m / rows), groups],
  );
  return true;
}
