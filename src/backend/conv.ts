// Plans convolutions as contractions over a padded input: the three adjoint maps of one geometry, for any device.
// A window's element is x[corner + tap]; corners (one per output position) and taps (one per channel and kernel element) are cached tables.
import type { View } from "./backend.ts";
import type { Contraction } from "./contract.ts";

export type Triple = readonly [number, number, number];

/** A convolution in three spatial dimensions; fewer are leading ones. `size` is the input's extent, `out` the output's. */
export interface ConvGeometry {
  readonly images: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly groups: number;
  readonly size: Triple;
  readonly out: Triple;
  readonly window: Triple;
  readonly stride: Triple;
  readonly padding: Triple;
  readonly dilation: Triple;
}

/** A tensor [images, channels, depth, height, width] by strides. */
export interface Volume {
  readonly view: View;
  readonly image: number;
  readonly channel: number;
  readonly strides: Triple;
}

const product = (t: Triple): number => t[0] * t[1] * t[2];
const map3 = (f: (axis: 0 | 1 | 2) => number): Triple => [f(0), f(1), f(2)];

/** Element strides of a dense or strided [N, C, …spatial] view, spatial axes right aligned to three. */
export function volume(view: View): Volume {
  const rank = view.shape.length;
  const axis = (i: number): number => (rank - 3 + i >= 2 ? view.strides[rank - 3 + i]! : 0);
  return { view, image: view.strides[0]!, channel: view.strides[1]!, strides: [axis(0), axis(1), axis(2)] };
}

/** What a device offers to convolutions. */
export interface ConvHost {
  contract(problem: Contraction): void;
  /** A zero-bordered copy of x (`size` elements along each axis): `extent` along each axis, `low` zeros first. */
  padded(x: Volume, images: number, channels: number, size: Triple, extent: Triple, low: Triple): Volume;
  /** Index tables, cached by key. */
  table(key: string, make: () => Int32Array<ArrayBuffer>): View;
  /** Runs a convolution with a kernel of its own, if it has one that fits. */
  slide(rows: Rows): boolean;
}

/** `out[n, r, p] = bias[r] + Σ over c and taps of w[r, c, tap] · x[n, c, p · stride + tap · dilation − low]`, zero outside x, per group. */
export interface Rows {
  readonly images: number;
  readonly groups: number;
  /** Channels of one group: of out, and contracted. */
  readonly channels: number;
  readonly contracted: number;
  readonly window: Triple;
  readonly stride: Triple;
  readonly dilation: Triple;
  readonly low: Triple;
  readonly x: Volume;
  readonly size: Triple;
  /** Strides of w along r, c and group; taps are dense, read backwards when `reversed`. */
  readonly w: { readonly view: View; readonly r: number; readonly c: number; readonly group: number; readonly reversed: boolean };
  readonly out: View;
  readonly outSize: Triple;
  readonly bias?: View | undefined;
  readonly relu?: boolean;
}

/** Table of Σ index · stride + offset over a box of indices (outermost first). */
function table(host: ConvHost, box: readonly number[], strides: readonly number[], offset = 0): View {
  return host.table(`box ${box.join()} ${strides.join()} ${offset}`, () => {
    const out = new Int32Array(box.reduce((all, extent) => all * extent, 1));
    out.fill(offset);
    let repeat = out.length;
    for (const [axis, extent] of box.entries()) {
      repeat /= extent;
      const stride = strides[axis]!;
      for (let i = 0; i < out.length; i++) out[i]! += (Math.floor(i / repeat) % extent) * stride;
    }
    return out;
  });
}

/** x as the windows read it: itself when there is no border, else a padded copy. */
function bordered(host: ConvHost, g: ConvGeometry, x: Volume): Volume {
  if (g.padding.every((p) => p === 0)) return x;
  const extent = map3((i) => g.size[i] + 2 * g.padding[i]);
  return host.padded(x, g.images, g.inputs, g.size, extent, g.padding);
}

/** A 1×1 convolution of stride 1 without border over dense planes needs no tables. */
const pointwise = (g: ConvGeometry, x: Volume): boolean =>
  product(g.window) === 1 &&
  g.stride.every((s) => s === 1) &&
  g.padding.every((p) => p === 0) &&
  (g.size[2] === 1 || x.strides[2] === 1) &&
  (g.size[1] === 1 || x.strides[1] === g.size[2]) &&
  (g.size[0] === 1 || x.strides[0] === g.size[1] * g.size[2]);

const tapStrides = (g: ConvGeometry, x: Volume): Triple => map3((i) => g.dilation[i] * x.strides[i]);
const cornerStrides = (g: ConvGeometry, x: Volume): Triple => map3((i) => g.stride[i] * x.strides[i]);

/** `out[n, o, p] = bias[o] + Σ w[o, k] · x[window p, k]`; w and out dense. */
export function convForward(host: ConvHost, g: ConvGeometry, x: View, w: View, bias: View | undefined, out: View, relu = false): void {
  const positions = product(g.out);
  const [ci, co] = [g.inputs / g.groups, g.outputs / g.groups];
  const steps = ci * product(g.window);
  const from = volume(x);
  const { images, groups, window, stride, dilation } = g;
  const rows: Rows = {
    images,
    groups,
    window,
    stride,
    dilation,
    channels: co,
    contracted: ci,
    low: g.padding,
    x: from,
    size: g.size,
    w: { view: w, r: steps, c: product(window), group: co * steps, reversed: false },
    out,
    outSize: g.out,
    bias,
    relu,
  };
  if (host.slide(rows)) return;
  const v = bordered(host, g, from);
  const plain = pointwise(g, v);
  host.contract({
    m: co,
    n: g.images * positions,
    nOuter: g.images,
    k: steps,
    batch: [1, g.groups],
    a: { view: w, m: steps, k: 1, batch: [0, co * steps] },
    b: {
      view: v.view,
      nOuter: v.image,
      batch: [0, ci * v.channel],
      ...(plain
        ? { n: 1, k: v.channel }
        : {
            n: 0,
            k: 0,
            kTable: table(host, [ci, ...g.window], [v.channel, ...tapStrides(g, v)]),
            nTable: table(host, g.out, cornerStrides(g, v)),
          }),
    },
    c: { view: out, m: positions, n: 1, nOuter: g.outputs * positions, batch: co * positions },
    ...(bias ? { bias: { view: bias, along: "m", batch: co } as const } : {}),
    relu,
  });
}

/** `dw[o, k] = Σ over images and positions of dy[n, o, p] · x[window p, k]`; dy and dw dense. */
export function convWeight(host: ConvHost, g: ConvGeometry, x: View, dy: View, dw: View, accumulate = false): void {
  const v = bordered(host, g, volume(x));
  const positions = product(g.out);
  const [ci, co] = [g.inputs / g.groups, g.outputs / g.groups];
  const steps = ci * product(g.window);
  const plain = pointwise(g, v);
  host.contract({
    m: co,
    n: steps,
    k: positions,
    kOuter: g.images,
    batch: [1, g.groups],
    a: { view: dy, m: positions, k: 1, kOuter: g.outputs * positions, batch: [0, co * positions] },
    b: {
      view: v.view,
      kOuter: v.image,
      batch: [0, ci * v.channel],
      ...(plain
        ? { n: v.channel, k: 1 }
        : {
            n: 0,
            k: 0,
            nTable: table(host, [ci, ...g.window], [v.channel, ...tapStrides(g, v)]),
            kTable: table(host, g.out, cornerStrides(g, v)),
          }),
    },
    c: { view: dw, m: steps, n: 1, batch: co * steps },
    accumulate,
  });
}

/** Taps of one axis that reach inputs of phase `phase`, with the first output offset each of them reads. */
function phaseTaps(g: ConvGeometry, axis: 0 | 1 | 2, phase: number): { tap: number; from: number }[] {
  const taps: { tap: number; from: number }[] = [];
  for (let tap = 0; tap < g.window[axis]; tap++) {
    const reach = phase + g.padding[axis] - tap * g.dilation[axis];
    if (reach % g.stride[axis] === 0) taps.push({ tap, from: reach / g.stride[axis] });
  }
  return taps;
}

/**
 * `dx[n, c, i] = Σ over o and taps of w[o, c, tap] · dy[n, o, (i + padding − tap · dilation) / stride]` where that is whole; w and dx dense.
 * Inputs fall into stride[0]·stride[1]·stride[2] phases that see disjoint taps: each is one contraction and writes its own elements.
 */
export function convInput(host: ConvHost, g: ConvGeometry, w: View, dy: View, dx: View): void {
  const [ci, co] = [g.inputs / g.groups, g.outputs / g.groups];
  const window = product(g.window);
  const places = product(g.size);
  const all = [0, 1, 2] as const;
  const phases = all.map((axis) => Array.from({ length: Math.min(g.stride[axis], g.size[axis]) }, (_, phase) => phaseTaps(g, axis, phase)));
  const from = volume(dy);
  // The same sliding windows over dy, with the taps reversed along every axis.
  const rows: Rows = {
    images: g.images,
    groups: g.groups,
    window: g.window,
    stride: [1, 1, 1],
    dilation: g.dilation,
    channels: ci,
    contracted: co,
    low: map3((i) => (g.window[i] - 1) * g.dilation[i] - g.padding[i]),
    x: from,
    size: g.out,
    out: dx,
    outSize: g.size,
    w: { view: w, r: window, c: ci * window, group: co * ci * window, reversed: true },
  };
  if (g.stride.every((s) => s === 1) && host.slide(rows)) return;
  // The border that makes every tap of every phase land inside.
  const count = (axis: number, phase: number): number => Math.ceil((g.size[axis]! - phase) / g.stride[axis]!);
  const low = map3((axis) => Math.max(0, ...phases[axis]!.flat().map((t) => -t.from)));
  const extent = map3(
    (axis) => low[axis] + Math.max(g.out[axis], ...phases[axis]!.flatMap((taps, phase) => taps.map((t) => t.from + count(axis, phase)))),
  );
  const needed = all.some((axis) => extent[axis] > g.out[axis]);
  const v = needed ? host.padded(from, g.images, g.outputs, g.out, extent, low) : from;
  const sizeStrides: Triple = [g.size[1] * g.size[2], g.size[2], 1];
  for (const [pd, td] of phases[0]!.entries())
    for (const [ph, th] of phases[1]!.entries())
      for (const [pw, tw] of phases[2]!.entries()) {
        const counts: Triple = [count(0, pd), count(1, ph), count(2, pw)];
        const taps = td.flatMap((d) => th.flatMap((h) => tw.map((x) => [d, h, x] as const)));
        const key = [co, ci, ...g.window, ...taps.flatMap((t) => t.map((s) => s.tap))].join();
        const perTap = (f: (t: (typeof taps)[number]) => number, outer: number) => (): Int32Array<ArrayBuffer> => {
          const offsets = taps.map(f);
          return Int32Array.from(
            { length: Math.max(1, co * taps.length) },
            (_, i) => Math.floor(i / taps.length) * outer + offsets[i % taps.length]!,
          );
        };
        const tapAt = (t: (typeof taps)[number]): number => (t[0].tap * g.window[1] + t[1].tap) * g.window[2] + t[2].tap;
        const readAt = (t: (typeof taps)[number]): number => t.reduce((sum, s, axis) => sum + (s.from + low[axis]!) * v.strides[axis]!, 0);
        const strided = g.stride.some((s) => s > 1);
        const flat = product(counts) * g.images;
        const problem: Contraction = {
          m: ci,
          n: flat,
          nOuter: g.images,
          k: co * taps.length,
          batch: [1, g.groups],
          a: {
            view: w,
            m: window,
            k: 0,
            kTable: host.table(`conv taps ${key}`, perTap(tapAt, ci * window)),
            batch: [0, co * ci * window],
          },
          b: {
            view: v.view,
            n: 0,
            k: 0,
            kTable: host.table(`conv reads ${key} ${v.channel} ${taps.map(readAt).join()}`, perTap(readAt, v.channel)),
            nTable: table(host, counts, v.strides),
            nOuter: v.image,
            batch: [0, co * v.channel],
          },
          c: {
            view: dx,
            m: places,
            n: 1,
            nOuter: g.inputs * places,
            batch: ci * places,
            ...(strided
              ? {
                  nTable: table(
                    host,
                    counts,
                    map3((i) => g.stride[i] * sizeStrides[i]),
                    pd * sizeStrides[0] + ph * sizeStrides[1] + pw,
                  ),
                }
              : {}),
          },
        };
        host.contract(plainInput(g, from, needed) ?? problem);
      }

  /** A 1×1 convolution's gradient is a product with the transposed weights. */
  function plainInput(geometry: ConvGeometry, y: Volume, border: boolean): Contraction | undefined {
    if (border || !pointwise(geometry, y)) return undefined;
    return {
      m: ci,
      n: places * g.images,
      nOuter: g.images,
      k: co,
      batch: [1, g.groups],
      a: { view: w, m: 1, k: ci, batch: [0, co * ci] },
      b: { view: y.view, n: 1, k: y.channel, nOuter: y.image, batch: [0, co * y.channel] },
      c: { view: dx, m: places, n: 1, nOuter: g.inputs * places, batch: ci * places },
    };
  }
}
