// Connectionist temporal classification: the kernels of shaders/ctc.wgsl and their twins.
import source from "../../shaders/ctc.wgsl?raw";
import { hostArray, type TypedArray } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import { denseCopy } from "../device/copying.ts";
import { dense, elements } from "../device/cpu.ts";
import type { Io, View } from "../device/device.ts";
import { kernel, type Launcher } from "../device/kernel.ts";

/** Log-probabilities [steps, batch, classes]; all targets; where those of each item start, how many frames and targets it has. */
type Names = "x" | "targets" | "starts" | "frames" | "lengths";
type Given = Omit<Io<Names>, "out">;
export interface Paths {
  readonly blank: number;
  /** Places of the longest item: its targets with blanks around them. */
  readonly width: number;
}
export interface Slopes extends Paths {
  /** Losses that are infinite have no gradient. */
  readonly zeroInfinity: boolean;
}

const logSum = (a: number, b: number, c: number): number => {
  const m = Math.max(a, b, c);
  return m === -Infinity ? m : m + Math.log(Math.exp(a - m) + Math.exp(b - m) + Math.exp(c - m));
};

interface Item {
  readonly frames: number;
  /** Targets with blanks around them. */
  readonly labels: readonly number[];
}
function itemsOf({ x, targets, starts, frames, lengths }: Given, blank: number): Item[] {
  const [classes, from, steps, counts] = [targets, starts, frames, lengths].map(dense) as [TypedArray, TypedArray, TypedArray, TypedArray];
  return Array.from(from, (start, n) => ({
    frames: Math.min(steps[n]!, x.shape[0]!),
    labels: Array.from({ length: 2 * counts[n]! + 1 }, (_, s) => (s % 2 === 0 ? blank : (classes[start + (s - 1) / 2] ?? -1))),
  }));
}

/** No class has no chance that is known. */
const chance = (lp: TypedArray, at: number, own: number, classes: number): number => (own >= 0 && own < classes ? lp[at + own]! : NaN);

/** Of every place of an item the log of what all paths from one end to it have, this step included. */
function walk({ x }: Given, { frames, labels }: Item, n: number, width: number, back: boolean, paths: TypedArray): void {
  const lp = dense(x);
  const [steps, batch, classes] = x.shape as [number, number, number];
  const places = labels.length;
  for (let i = 0; i < frames; i++) {
    const t = back ? frames - 1 - i : i;
    const [row, before] = [t, back ? t + 1 : t - 1].map((k) => (n * steps + k) * width) as [number, number];
    for (let j = 0; j < places; j++) {
      const at = (k: number): number => (back ? places - 1 - k : k);
      const [s, two] = [at(j), at(j - 2)];
      const [near, far] = [j > 0 ? paths[before + at(j - 1)]! : -Infinity, j > 1 && labels[two] !== labels[s] ? paths[before + two]! : -Infinity]; // prettier-ignore
      const sum = i > 0 ? logSum(paths[before + s]!, near, far) : j < 2 ? 0 : -Infinity;
      paths[row + s] = sum + chance(lp, (t * batch + n) * classes, labels[s]!, classes);
    }
  }
}

/** The forward sums of an item and their end, the loss. */
function forward(io: Given, item: Item, n: number, width: number, paths: TypedArray): number {
  walk(io, item, n, width, false, paths);
  const { frames, labels } = item;
  if (frames === 0) return labels.length === 1 ? 0 : Infinity;
  const end = (n * io.x.shape[0]! + frames - 1) * width + labels.length - 1;
  return -logSum(paths[end]!, labels.length > 1 ? paths[end - 1]! : -Infinity, -Infinity);
}

const sizeOfPaths = ({ x }: Given, width: number): number[] => [x.shape[1]!, x.shape[0]!, width];

/** Bindings and parameters that both kernels share. */
function shared(
  q: Launcher,
  { x, targets, starts, frames, lengths }: Given,
  { blank, width }: Paths,
): [Record<string, View>, Record<string, number>] {
  // prettier-ignore
  const [steps, batch, classes] = x.shape as [number, number, number];
  const items = q.scratch("int32", [3, batch]);
  [starts, frames, lengths].forEach((view, i) =>
    denseCopy(q, q.dense(view), { ...items, shape: view.shape, strides: [1], offset: i * batch }),
  );
  return [
    { x: q.dense(x), targets: q.dense(targets), items },
    { steps, batch, classes, blank, width, count: sizeOf(targets.shape) },
  ];
}

/** Sums from one end, and from the front the losses: one workgroup per item, of one invocation where waiting for each other is slow. */
function launchTrellis(q: Launcher, io: Given, attrs: Paths, [bind, params]: ReturnType<typeof shared>, losses?: View): View {
  const batch = io.x.shape[1]!;
  const wide = Math.max(1, Math.min(batch, q.traits.maxWorkgroupsPerDimension));
  const paths = q.scratch("float32", sizeOfPaths(io, attrs.width));
  const program = kernel(source, "trellis", { BACK: losses === undefined, WG: q.traits.barriersAreSlow ? 1 : 64 });
  q.launch(program, { ...bind, paths, losses: losses ?? q.scratch("float32", [1]) }, params, [wide, Math.ceil(batch / wide), 1]);
  return paths;
}

/** The loss of every item. */
export const trellis = {
  cpu: (io: Io<Names>, { blank, width }: Paths): void => {
    const [to, paths] = [elements(io.out), hostArray(io.x.dtype, sizeOf(sizeOfPaths(io, width)))];
    for (const [n, item] of itemsOf(io, blank).entries()) to[n] = forward(io, item, n, width, paths);
  },
  gpu: (io: Io<Names>, attrs: Paths, q: Launcher): void => void launchTrellis(q, io, attrs, shared(q, io, attrs), io.out),
};

/** The gradient by x, from the gradient g of every loss. The sums are made again rather than kept from the forward pass. */
export const slopes = {
  cpu: (io: Io<Names | "g">, { blank, width, zeroInfinity }: Slopes): void => {
    const { x, out } = io;
    const [lp, g, to] = [dense(x), dense(io.g), elements(out)];
    const [steps, batch, classes] = x.shape as [number, number, number];
    const [ahead, back] = [0, 1].map(() => hostArray(x.dtype, sizeOf(sizeOfPaths(io, width)))) as [TypedArray, TypedArray];
    to.fill(0);
    for (const [n, item] of itemsOf(io, blank).entries()) {
      const loss = forward(io, item, n, width, ahead);
      if (zeroInfinity && loss === Infinity) continue;
      walk(io, item, n, width, true, back);
      for (let t = 0; t < item.frames; t++) {
        const at = (t * batch + n) * classes;
        const row = (n * steps + t) * width;
        for (let c = 0; c < classes; c++) to[at + c] = g[n]! * Math.exp(lp[at + c]!);
        for (const [s, own] of item.labels.entries()) {
          const here = chance(lp, at, own, classes);
          // Both sums hold this step; a class without a chance has no share.
          if (own < 0 || own >= classes || (here === -Infinity && loss !== Infinity)) continue;
          to[at + own]! -= g[n]! * Math.exp(ahead[row + s]! + back[row + s]! - here + loss);
        }
      }
    }
  },
  gpu: (io: Io<Names | "g">, attrs: Slopes, q: Launcher): void => {
    const [steps, batch] = io.x.shape as [number, number];
    const losses = q.scratch("float32", [batch]);
    const given = shared(q, io, attrs);
    const [bind, params] = given;
    const [ahead, back] = [launchTrellis(q, io, attrs, given, losses), launchTrellis(q, io, attrs, given)];
    const sums = { ahead, back, ends: losses, g: q.dense(io.g), out: io.out };
    q.launch(kernel(source, "slopes"), { ...bind, ...sums }, { ...params, finite: Number(attrs.zeroInfinity) }, steps * batch);
  },
};
