// Window geometry of pooling: arguments as PyTorch takes them, output sizes, and the typed-array loops of both devices' twins.
import type { View, Views } from "../backend/backend.ts";
import { dense, elements } from "../backend/cpu.ts";
import { ShapeError, show } from "../base/errors.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import type { Meta } from "./op.ts";

/** One number for every dimension, or one each. */
export type Sizes = number | readonly number[];

/** Windows over the last `rank` dimensions. */
export interface Windows {
  readonly rank: number;
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
  /** What an average divides by: the window with its padding, the part of it inside the input, or a given number. */
  readonly divisor: "window" | "inside" | number;
  /** Output sizes given instead of windows (adaptive pooling). */
  readonly adaptive?: readonly number[];
}

/** A per-dimension argument. Errors: ShapeError for a wrong count or values below `least`. */
export function perDim(op: string, name: string, value: unknown, rank: number, least: number): number[] {
  const list =
    typeof value === "number"
      ? new Array<number>(rank).fill(value)
      : Array.isArray(value) && value.length === 1
        ? new Array<number>(rank).fill(value[0] as number)
        : value;
  if (!Array.isArray(list) || list.length !== rank || list.some((v) => !Number.isInteger(v) || v < least))
    throw new ShapeError(
      op,
      `${name} must be ${rank === 1 ? "an integer" : `an integer or ${rank} integers`} ≥ ${least}, got ${JSON.stringify(value)}`,
    );
  return list as number[];
}

/** Output sizes along the pooled dimensions. Errors: ShapeError when the input has the wrong rank or a window does not fit. */
export function pooledSizes(op: string, { shape }: Meta, a: Windows): number[] {
  const { rank } = a;
  if (shape.length !== rank + 1 && shape.length !== rank + 2)
    throw new ShapeError(op, `x must have ${rank + 1} or ${rank + 2} dimensions, got ${show(shape)}`);
  const spatial = shape.slice(-rank);
  if (shape.slice(shape.length - rank - 1).some((d) => d === 0))
    throw new ShapeError(op, `x ${show(shape)} has an empty dimension`, "only the batch may be empty");
  if (a.adaptive) return a.adaptive.map((n, i) => (n < 0 ? spatial[i]! : n));
  return spatial.map((n, i) => {
    const [k, s, p, l] = [a.kernel[i]!, a.stride[i]!, a.padding[i]!, a.dilation[i]!];
    if (2 * p > k) throw new ShapeError(op, `padding ${p} is more than half of the window ${k}`);
    const room = n + 2 * p - l * (k - 1) - 1;
    let out = (a.ceilMode ? Math.ceil(room / s) : Math.floor(room / s)) + 1;
    // The last window must start inside the input or its left padding.
    if (a.ceilMode && (out - 1) * s >= n + p) out--;
    if (out < 1) throw new ShapeError(op, `the window ${k} does not fit into ${n} (padding ${p}, dilation ${l})`);
    return out;
  });
}

/** Shape with the pooled dimensions replaced. */
export const pooledShape = (op: string, x: Meta, a: Windows): number[] => [
  ...x.shape.slice(0, x.shape.length - a.rank),
  ...pooledSizes(op, x, a),
];

const three = (list: readonly number[], fill: number): number[] => [...new Array<number>(3 - list.length).fill(fill), ...list];

/** Fields of the kernels' Params for pooling an `input` shape to an `output` shape. */
export function windowParams(input: Shape, output: Shape, a: Windows): Record<string, number> {
  const fields: Record<string, number> = {
    planes: sizeOf(input.slice(0, input.length - a.rank)),
    divide: a.divisor === "window" ? 0 : a.divisor === "inside" ? 1 : 2,
    divisor: typeof a.divisor === "number" ? a.divisor : 1,
  };
  const groups: [string, number[]][] = [
    ["", three(input.slice(-a.rank), 1)],
    ["o", three(output.slice(-a.rank), 1)],
    ["s", three(a.stride, 1)],
    ["p", three(a.padding, 0)],
    ["l", three(a.dilation, 1)],
  ];
  for (const [prefix, values] of groups) ["d", "h", "w"].forEach((axis, i) => (fields[prefix + axis] = values[i]!));
  return fields;
}

/** Constants of the kernels: facts of the layer that do not change from step to step. */
export function windowConsts(input: Shape, output: Shape, a: Windows): Record<string, number> {
  const [KD, KH, KW] = three(a.kernel, 1) as [number, number, number];
  const spatial = input.slice(-a.rank);
  const reach = output.slice(-a.rank).map((n, i) => (n - 1) * a.stride[i]! + (a.kernel[i]! - 1) * a.dilation[i]! + 1);
  return {
    KD,
    KH,
    KW,
    INSIDE: Number(a.padding.every((p) => p === 0) && reach.every((r, i) => r <= spatial[i]!)),
    DISJOINT: Number(a.kernel.every((k, i) => k <= a.stride[i]! && a.dilation[i] === 1)),
    FLAT: Number(a.rank < 3),
    ADAPTIVE: Number(a.adaptive !== undefined),
  };
}

/** Parameters for windows that tile each plane exactly, undefined when they do not. */
export function tileParams(input: Shape, output: Shape, a: Windows): Record<string, number> | undefined {
  const exact =
    a.rank < 3 &&
    a.kernel.every(
      (k, i) => a.stride[i] === k && a.padding[i] === 0 && a.dilation[i] === 1 && output.at(i - a.rank)! * k === input.at(i - a.rank),
    );
  return exact ? { windows: sizeOf(output), columns: output.at(-1)!, rows: a.rank === 1 ? 1 : output.at(-2)! } : undefined;
}

interface Axis {
  readonly extent: number;
  readonly outputs: number;
  /** Input positions of each window, in order. */
  readonly taps: readonly number[][];
  /** Window length that the average divides by, with and without padding. */
  readonly padded: readonly number[];
}

function axes(input: Shape, output: Shape, a: Windows): Axis[] {
  return three(input.slice(-a.rank), 1).map((extent, i) => {
    const outputs = three(output.slice(-a.rank), 1)[i]!;
    const at = i - (3 - a.rank);
    const range = Array.from({ length: outputs }, (_, o) => {
      if (at < 0) return { taps: [0], padded: 1 };
      if (a.adaptive) {
        const start = Math.floor((o * extent) / outputs);
        const end = Math.ceil(((o + 1) * extent) / outputs);
        return { taps: Array.from({ length: end - start }, (_v, k) => start + k), padded: end - start };
      }
      const [k, s, p, l] = [a.kernel[at]!, a.stride[at]!, a.padding[at]!, a.dilation[at]!];
      const start = o * s - p;
      const taps = Array.from({ length: k }, (_v, j) => start + j * l).filter((v) => v >= 0 && v < extent);
      return { taps, padded: Math.min(start + k, extent + p) - start };
    });
    return { extent, outputs, taps: range.map((r) => r.taps), padded: range.map((r) => r.padded) };
  });
}

/** Calls visit(outputIndex, planeStart, windows) for every output in order. */
function eachWindow(
  input: Shape,
  output: Shape,
  a: Windows,
  visit: (o: number, plane: number, z: readonly number[], y: readonly number[], c: readonly number[], padded: number) => void,
): void {
  const [az, ay, ax] = axes(input, output, a) as [Axis, Axis, Axis];
  const planes = sizeOf(input.slice(0, input.length - a.rank));
  const inner = az.extent * ay.extent * ax.extent;
  let o = 0;
  for (let n = 0; n < planes; n++)
    for (let i = 0; i < az.outputs; i++)
      for (let j = 0; j < ay.outputs; j++)
        for (let k = 0; k < ax.outputs; k++)
          visit(o++, n * inner, az.taps[i]!, ay.taps[j]!, ax.taps[k]!, az.padded[i]! * ay.padded[j]! * ax.padded[k]!);
}

const extents = (shape: Shape, a: Windows): readonly number[] => three(shape.slice(-a.rank), 1);

/** Maxima and their flat positions. */
export function cpuMaxPool(io: Views, a: Windows): void {
  const x = dense(io["x"]!);
  const [out, indices] = [elements(io["out"]!), elements(io["indices"]!)];
  const [, h, w] = extents(io["x"]!.shape, a) as [number, number, number];
  eachWindow(io["x"]!.shape, io["out"]!.shape, a, (o, plane, zs, ys, cs) => {
    let best = 0;
    let at = -1;
    for (const z of zs)
      for (const y of ys) {
        const line = (z * h + y) * w;
        for (let k = 0; k < cs.length; k++) {
          const v = x[plane + line + cs[k]!]!;
          if (at < 0 || v > best || v !== v) {
            best = v;
            at = line + cs[k]!;
          }
        }
      }
    out[o] = best;
    indices[o] = at;
  });
}

/** Adds each output gradient to the input position that won. */
export function cpuMaxPoolBackward(io: Views, a: Windows): void {
  const [g, winners] = [dense(io["g"]!), dense(io["indices"]!)];
  const out = elements(io["out"]!).fill(0);
  const inner = sizeOf(io["out"]!.shape.slice(-a.rank));
  const outer = sizeOf(io["g"]!.shape.slice(-a.rank));
  for (let o = 0; o < g.length; o++) out[Math.floor(o / outer) * inner + winners[o]!]! += g[o]!;
}

const divisorOf = (a: Windows, padded: number, taps: number): number =>
  typeof a.divisor === "number" ? a.divisor : a.divisor === "window" ? padded : taps;

/** Window averages, or with `backward` their adjoint: each output's share goes back to its window. */
export function cpuAvgPool(from: View, to: View, a: Windows, backward: boolean): void {
  const source = dense(from);
  const target = elements(to);
  const [input, output] = backward ? [to.shape, from.shape] : [from.shape, to.shape];
  const [, h, w] = extents(input, a) as [number, number, number];
  if (backward) target.fill(0);
  eachWindow(input, output, a, (o, plane, zs, ys, cs, padded) => {
    const divisor = divisorOf(a, padded, zs.length * ys.length * cs.length);
    const share = backward ? source[o]! / divisor : 0;
    let total = 0;
    for (const z of zs)
      for (const y of ys) {
        const line = plane + (z * h + y) * w;
        for (let k = 0; k < cs.length; k++)
          if (backward) target[line + cs[k]!]! += share;
          else total += source[line + cs[k]!]!;
      }
    if (!backward) target[o] = total / divisor;
  });
}
