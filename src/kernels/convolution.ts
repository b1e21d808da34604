// Plans convolutions as contractions over an input with a border of zeros: the three adjoint maps, for any device.
// A window's element is x[corner + tap]; corners (one per output position) and taps (one per channel and kernel element) are strides or cached tables.
import type { Int32s } from "../base/dtype.ts";
import { coalesce, forEachOffset, type Geometry, sizeOf } from "../base/shape.ts";
import type { View } from "../device/device.ts";
import type { Contraction } from "./contraction.ts";

/** How windows slide over the spatial dimensions; one entry per dimension. */
export interface Sliding {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** What a device offers to convolutions. */
export interface ConvHost {
  contract(problem: Contraction): void;
  /** The view itself when dense, else a dense copy. */
  dense(view: View): View;
  /** A copy of x [N, C, D, H, W] among zeros: `extent` along each spatial axis, `low` zeros first. */
  padded(x: View, extent: readonly number[], low: readonly number[]): View;
  /** Index tables, cached by key. */
  table(key: string, make: () => Int32s): View;
  /** Runs a correlation with a kernel of its own, if it has one that fits. */
  slide(problem: Correlation): boolean;
}

/** One spatial axis: output `at + i · apart` sums weight[first + j · every] · x[i · step + from + j · by] over the taps j; by > 0. */
export interface Axis {
  readonly taps: number;
  readonly first: number;
  readonly every: number;
  readonly from: number;
  readonly by: number;
  readonly places: number;
  readonly step: number;
  readonly at: number;
  readonly apart: number;
}
/** One field of every axis. */
export const each = (axes: readonly Axis[], field: keyof Axis): number[] => axes.map((a) => a[field]);

/** `out[n, m, i] = bias[m] + Σ over channels c and taps j of weight[m, c, j] · x[n, c, i, j]`, zero outside x, per group. */
export interface Correlation {
  /** [N, channels of all groups, D, H, W]. */
  readonly x: View;
  /** Dense [O, I, D, H, W], with its strides along m and c. */
  readonly weight: View;
  readonly along: { readonly m: number; readonly c: number };
  readonly out: View;
  readonly groups: number;
  readonly axes: readonly Axis[];
  readonly bias?: View | undefined;
}

/** A list right-aligned to three spatial axes. */
export const three = (list: readonly number[], fill: number): number[] => [...new Array<number>(3 - list.length).fill(fill), ...list];

/** [N, C, …spatial] with three spatial axes. */
const volume = (v: View): View => {
  const missing = new Array<number>(5 - v.shape.length);
  return { ...v, shape: v.shape.toSpliced(2, 0, ...missing.fill(1)), strides: v.strides.toSpliced(2, 0, ...missing.fill(0)) };
};

/** The same memory seen from the place on that has these spatial coordinates. */
export const from = (view: View, coordinates: readonly number[]): View => ({
  ...view,
  offset: coordinates.reduce((sum, c, i) => sum + c * view.strides[i + 2]!, view.offset),
});

/** The offsets that these geometries of one shape walk side by side, as a cached table. */
export function offsetTable(host: Pick<ConvHost, "table">, kind: string, walks: readonly Geometry[]): View {
  const key = `${kind} ${walks[0]!.shape.join()} ${walks.map((g) => g.strides.join()).join(" ")}`;
  return host.table(key, () => {
    const out: number[] = [];
    forEachOffset(walks, (at) => void out.push(...at));
    return Int32Array.from(out);
  });
}

/** The two fields of one axis of a contraction, k or n. */
type Lane = Pick<Contraction["b"], "k" | "kTable" | "n" | "nTable">;

/** Offsets over a box of indices, outermost first, as the contraction's axis `name`: one stride where that will do, else a table. */
function lane(host: ConvHost, name: "k" | "n", shape: readonly number[], strides: readonly number[]): Lane {
  const [box] = coalesce([{ shape, strides, offset: 0 }]);
  if (box!.shape.length < 2 || sizeOf(shape) === 0) return { [name]: box!.strides[0] ?? 1 } as unknown as Lane;
  return { [name]: 0, [`${name}Table`]: offsetTable(host, "box", [box!]) } as unknown as Lane;
}

/** x as windows along these axes read it, from its first element on: itself when they stay inside, else a copy with a border. */
function bordered(host: ConvHost, x: View, axes: readonly (readonly Axis[])[]): View {
  const size = x.shape.slice(2);
  const low = axes.map((phases) => Math.max(0, ...phases.map((a) => -a.from)));
  const extent = axes.map(
    (phases, i) => low[i]! + Math.max(size[i]!, ...phases.map((a) => a.from + (a.taps - 1) * a.by + (a.places - 1) * a.step + 1)),
  );
  if (extent.every((n, i) => n === size[i])) return x;
  return from(host.padded(x, extent, low), low);
}

/** The right operand of a contraction: windows of one group's channels, taps along one of its axes and places along the other. */
function windows(host: ConvHost, x: View, channels: number, axes: readonly Axis[], taps: "k" | "n", places: "k" | "n"): Contraction["b"] {
  const [image, channel, ...spatial] = x.strides as [number, number, ...number[]];
  const along = (f: (a: Axis) => number): number[] => axes.map((a, i) => f(a) * spatial[i]!);
  return {
    view: from(x, each(axes, "from")),
    batch: [0, channels * channel],
    [`${places}Outer`]: image,
    ...lane(host, taps, [channels, ...each(axes, "taps")], [channel, ...along((a) => a.by)]),
    ...lane(
      host,
      places,
      each(axes, "places"),
      along((a) => a.step),
    ),
  };
}

/** One correlation for each combination of the axes' phases, which write disjoint outputs; a phase without taps writes zeros. */
function correlate(host: ConvHost, problem: Omit<Correlation, "axes">, axes: readonly (readonly Axis[])[]): void {
  const { x, weight, along, out, groups, bias } = problem;
  if (axes.every((phases) => phases.length === 1) && host.slide({ ...problem, axes: axes.flat() })) return;
  const [images, m] = [out.shape[0]!, out.shape[1]! / groups];
  const contracted = x.shape[1]! / groups;
  const framed = bordered(host, x, axes);
  const phases = axes.reduce<Axis[][]>((all, list) => all.flatMap((before) => list.map((a) => [...before, a])), [[]]);
  for (const phase of phases) {
    const taps = [contracted, ...each(phase, "taps")];
    const places = each(phase, "places");
    const apart = phase.map((a, i) => a.apart * out.strides[i + 2]!);
    host.contract({
      m,
      n: images * sizeOf(places),
      nOuter: images,
      k: sizeOf(taps),
      batch: [1, groups],
      a: {
        view: from(weight, each(phase, "first")),
        m: along.m,
        batch: [0, sizeOf(weight.shape) / groups],
        ...lane(host, "k", taps, [along.c, ...phase.map((a, i) => a.every * weight.strides[i + 2]!)]),
      },
      b: windows(host, framed, contracted, phase, "k", "n"),
      c: {
        view: from(out, each(phase, "at")),
        m: out.strides[1]!,
        nOuter: out.strides[0]!,
        ...lane(host, "n", places, apart),
      },
      bias: bias && { view: bias, m: 1, n: 0 },
    });
  }
}

/** The axes along which outputs of shape y see windows of shape w. */
function sliding(w: View, y: View, a: Sliding): Axis[] {
  const [stride, padding, dilation] = [three(a.stride, 1), three(a.padding, 0), three(a.dilation, 1)];
  return stride.map((step, i) => ({
    taps: w.shape[i + 2]!,
    first: 0,
    every: 1,
    from: -padding[i]!,
    by: dilation[i]!,
    places: y.shape[i + 2]!,
    step,
    at: 0,
    apart: 1,
  }));
}

/** `y[n, o, p] = bias[o] + Σ w[o, k] · x[window p, k]`; y dense. */
export function convForward(host: ConvHost, x: View, w: View, bias: View | undefined, y: View, a: Sliding): void {
  const [weight, out] = [volume(host.dense(w)), volume(y)];
  const along = { m: weight.strides[0]!, c: weight.strides[1]! };
  const problem = { x: volume(x), weight, along, out, groups: a.groups, bias: bias && host.dense(bias) };
  const axes = sliding(weight, out, a).map((axis) => [axis]);
  correlate(host, problem, axes);
}

/** `dw[o, k] = Σ over images and positions of dy[n, o, p] · x[window p, k]`; dw dense. */
export function convWeight(host: ConvHost, x: View, dy: View, dw: View, a: Sliding): void {
  const g = volume(host.dense(dy));
  const axes = sliding(volume(dw), g, a);
  const alone = axes.map((axis) => [axis]);
  const framed = bordered(host, volume(x), alone);
  const [images, outputs] = g.shape as [number, number];
  const [channels, m] = [dw.shape[1]!, outputs / a.groups];
  const [image, channel] = g.strides as [number, number];
  const steps = sizeOf(dw.shape.slice(1));
  host.contract({
    m,
    n: steps,
    // Without images there is nothing to sum, which one empty block says.
    k: images && sizeOf(g.shape.slice(2)),
    kOuter: images || 1,
    batch: [1, a.groups],
    a: { view: g, m: channel, k: 1, kOuter: image, batch: [0, m * channel] },
    b: windows(host, framed, channels, axes, "n", "k"),
    c: { view: dw, m: steps, n: 1 },
  });
}

/**
 * `dx[n, c, i] = Σ over o and taps of w[o, c, tap] · dy[n, o, (i + padding − tap · dilation) / stride]` where that is whole; dx dense.
 * Along each axis inputs fall into `stride` phases that see disjoint taps, evenly spaced: each combination is one correlation.
 */
export function convInput(host: ConvHost, w: View, dy: View, dx: View, a: Sliding): void {
  const [weight, g, out] = [volume(host.dense(w)), volume(dy), volume(dx)];
  const axes = sliding(weight, g, a).map((axis, i) => {
    const size = out.shape[i + 2]!;
    return Array.from({ length: Math.min(axis.step, size) }, (_, phase): Axis => {
      // Read backwards, so that dy is walked forwards.
      const seen = Array.from({ length: axis.taps }, (_tap, j) => axis.taps - 1 - j).filter(
        (tap) => (phase - axis.from - tap * axis.by) % axis.step === 0,
      );
      const read = (j: number): number => (phase - axis.from - seen[j]! * axis.by) / axis.step;
      const several = seen.length > 1; // the spacing of one tap does not matter
      return {
        taps: seen.length,
        first: seen[0] ?? 0,
        every: several ? seen[1]! - seen[0]! : 1,
        from: seen.length ? read(0) : 0,
        by: several ? read(1) - read(0) : 1,
        places: Math.ceil((size - phase) / axis.step),
        step: 1,
        at: phase,
        apart: axis.step,
      };
    });
  });
  const along = { m: weight.strides[1]!, c: weight.strides[0]! };
  correlate(host, { x: g, weight, along, out, groups: a.groups }, axes);
}
