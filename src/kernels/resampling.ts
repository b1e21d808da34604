// Interpolation along one dimension as a sparse linear map, and its adjoint: the kernel of shaders/resampling.wgsl, its twin, and the weights.
import source from "../../shaders/resampling.wgsl?raw";
import { dense, elements } from "../device/cpu.ts";
import type { Io } from "../device/device.ts";
import { kernel, type Launcher } from "../device/kernel.ts";
import { linesOf } from "./rows.ts";

/** How a line of `from` elements becomes one of `to`. */
export interface Resampling {
  readonly filter: "nearest" | "nearest-exact" | "tent" | "cubic";
  readonly from: number;
  readonly to: number;
  /** Elements read for each that is made. */
  readonly step: number;
  /** First and last elements of both lie on each other, not their outer edges. */
  readonly aligned: boolean;
  /** Where the line gets shorter the filter gets as much wider. */
  readonly antialias: boolean;
  /** The adjoint, from `to` elements to `from`. */
  readonly adjoint: boolean;
}

/** For each element made its taps with their weights; those of o stand from starts[o] up to starts[o + 1]. */
interface Table {
  readonly starts: readonly number[];
  readonly taps: readonly number[];
  readonly weights: readonly number[];
}
type Tap = readonly [at: number, weight: number];

const { floor, fround, max, min } = Math;

/**
 * Weights of neighbouring elements as polynomials of the place between them: a row holds the coefficients of one neighbour's. The cubic is
 * that of Keys (Cubic convolution interpolation, 1981) with its parameter a.
 */
export const linearWeights: readonly (readonly number[])[] = [
  [1, -1],
  [0, 1],
];
export const cubicWeights = (a: number): readonly (readonly number[])[] => [
  [0, a, -2 * a, a],
  [1, 0, -a - 3, a + 2],
  [0, -a, 2 * a + 3, -a - 2],
  [0, 0, a, -a],
];
/** The parameter of images that PyTorch interpolates, and of those that it also smoothes. */
export const KEYS = -0.75;
const SMOOTH = -0.5;

const polynomial = (coefficients: readonly number[], t: number): number => coefficients.reduceRight((sum, c) => sum * t + c, 0);

/** The place that the element o is read from, before it is rounded to an element. */
const place = ({ step, aligned }: Resampling, o: number): number => (aligned ? step * o : step * (o + 0.5) - 0.5);

/** The element nearest to o, in single precision as PyTorch finds it. */
export function nearest({ filter, step, from }: Resampling, o: number): number {
  const at = fround((o + (filter === "nearest-exact" ? 0.5 : 0)) * fround(step));
  return min(floor(at), from - 1);
}

/** A filter's height at distance t from its centre. */
function height(filter: Resampling["filter"], t: number): number {
  const d = Math.abs(t);
  if (filter === "tent") return max(0, 1 - d);
  const [, near, , far] = cubicWeights(SMOOTH);
  return d < 1 ? polynomial(near!, d) : d < 2 ? polynomial(far!, 2 - d) : 0;
}

/** All elements under a filter as wide as the step, with weights that sum to 1. */
function smoothed({ filter, from, step }: Resampling, o: number): Tap[] {
  const width = max(1, step);
  const [centre, reach] = [step * (o + 0.5), width * (filter === "tent" ? 1 : 2)];
  const first = max(0, floor(centre - reach + 0.5));
  const heights = Array.from({ length: min(from, floor(centre + reach + 0.5)) - first }, (_, i) =>
    height(filter, (i + first - centre + 0.5) / width),
  );
  const total = heights.reduce((a, b) => a + b, 0);
  return heights.map((h, i) => [first + i, h / total]);
}

function tapsOf(plan: Resampling, o: number): Tap[] {
  const { filter, from, antialias } = plan;
  if (filter === "nearest" || filter === "nearest-exact") return [[nearest(plan, o), 1]];
  if (antialias) return smoothed(plan, o);
  const cubic = filter === "cubic";
  // Beyond the first element linear interpolation stays on it; a cubic goes on through copies of it.
  const at = cubic ? place(plan, o) : max(0, place(plan, o));
  const left = cubic ? floor(at) : min(floor(at), from - 1);
  const t = min(max(at - left, 0), 1);
  return (cubic ? cubicWeights(KEYS) : linearWeights).map((row, i) => {
    const tap = left + i - Number(cubic);
    return [min(max(tap, 0), from - 1), polynomial(row, t)];
  });
}

function tableOf(plan: Resampling): Table {
  const rows = Array.from({ length: plan.to }, (_, o) => tapsOf(plan, o));
  const lines: Tap[][] = plan.adjoint ? Array.from({ length: plan.from }, () => []) : rows;
  if (plan.adjoint) rows.forEach((row, o) => row.forEach(([at, weight]) => lines[at]!.push([o, weight])));
  const starts = [0];
  for (const line of lines) starts.push(starts.at(-1)! + line.length);
  const all = lines.flat();
  return { starts, taps: all.map(([at]) => at), weights: all.map(([, weight]) => weight) };
}

type Along = Resampling & { readonly dim: number };

/** Lines along `dim`, resampled. */
export const resampling = {
  cpu: ({ x, out }: Io<"x">, { dim, ...plan }: Along): void => {
    const { starts, taps, weights } = tableOf(plan);
    const [from, to] = [dense(x), elements(out)];
    const [{ outer, length, inner }, extent] = [linesOf(out.shape, dim), x.shape[dim]!];
    to.fill(0);
    for (let line = 0; line < outer * length; line++) {
      const base = floor(line / length) * extent;
      for (let t = starts[line % length]!; t < starts[(line % length) + 1]!; t++)
        for (let i = 0, at = (base + taps[t]!) * inner, o = line * inner; i < inner; i++) to[o + i]! += weights[t]! * from[at + i]!;
    }
  },
  gpu: ({ x, out }: Io<"x">, { dim, ...plan }: Along, q: Launcher): void => {
    const { outer, length, inner } = linesOf(out.shape, dim);
    let made: Table | undefined;
    const table = (): Table => (made ??= tableOf(plan));
    const key = `resample ${Object.values(plan).join(" ")}`;
    const bind = {
      x: q.dense(x),
      out,
      starts: q.table(`${key} starts`, () => Int32Array.from(table().starts)),
      taps: q.table(`${key} taps`, () => Int32Array.from(table().taps)),
      weights: q.table(`${key} weights`, () => Float32Array.from(table().weights)),
    };
    const size = outer * length * inner;
    q.launch(kernel(source, "resample"), bind, { size, length, extent: x.shape[dim]!, inner }, size);
  },
};
