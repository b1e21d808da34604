// When two runs of a program agree: the same errors, the same shapes, and numbers within the error that rounding explains.
import type { Observed, Outcome, Thrown } from "./machine.ts";

/** Everything a run showed, read. */
export interface Shown {
  readonly thrown: readonly Thrown[];
  readonly tensors: ReadonlyMap<string, { readonly type: string; readonly data: ArrayLike<number> }>;
}

/** Awaits the reads of a run; one that fails is an error like any other. */
export async function shownBy({ thrown, observed }: Outcome): Promise<Shown> {
  const failed: Thrown[] = [];
  const tensors = new Map<string, { type: string; data: ArrayLike<number> }>();
  const read = async ({ label, dtype, shape, data }: Observed): Promise<void> => {
    try {
      tensors.set(label, { type: `${dtype}[${shape.join()}]`, data: await data });
    } catch (error) {
      failed.push({ at: label, kind: (error as Error).name, message: (error as Error).message });
    }
  };
  for (const one of observed) await read(one);
  return { thrown: [...thrown, ...failed], tensors };
}

/** The classes in which the library throws. */
const typed = new Set(["ArgumentError", "DeviceError", "DtypeError", "FormatError", "GradError", "OutOfMemoryError", "ShapeError"]);

/** A difference that nothing explains, as a sentence. */
export type Difference = { readonly kind: "untyped" | "errors" | "shape" | "value" | "slope" | "bits" | "lost"; readonly what: string };

const list = (thrown: readonly Thrown[]): string => thrown.map(({ at, kind }) => `${at} ${kind}`).join(", ") || "none";

/** Differences that need no tolerance. */
export function differsInForm(a: Shown, b: Shown, names: readonly [string, string]): Difference | undefined {
  for (const { thrown } of [a, b])
    for (const { at, kind, message } of thrown) if (!typed.has(kind)) return { kind: "untyped", what: `${at} threw ${kind}: ${message}` };
  if (list(a.thrown) !== list(b.thrown)) {
    const messages = [...a.thrown, ...b.thrown].map(({ message }) => message).join(" | ");
    return { kind: "errors", what: `${names[0]}: ${list(a.thrown)}; ${names[1]}: ${list(b.thrown)}: ${messages}` };
  }
  for (const label of new Set([...a.tensors.keys(), ...b.tensors.keys()])) {
    const [x, y] = [a.tensors.get(label)?.type ?? "nothing", b.tensors.get(label)?.type ?? "nothing"];
    if (x !== y) return { kind: "shape", what: `${label} is ${x} on ${names[0]}, ${y} on ${names[1]}` };
  }
  return undefined;
}

const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));
/** Half a unit in the last place of float32, relative. */
const unit = 2 ** -24;

/** Mean magnitude of the finite elements. */
function meanOf(data: ArrayLike<number>): number {
  let [sum, n] = [0, 0];
  for (let i = 0; i < data.length; i++) if (Number.isFinite(data[i]!)) [sum, n] = [sum + Math.abs(data[i]!), n + 1];
  return n > 0 ? sum / n : 0;
}

/** Where two runs differ by more than some units in the last place of the element or of its tensor's mean: worth a closer look. */
export function differsAtAll(a: Shown, b: Shown, units: number): boolean {
  for (const [label, { data: x }] of a.tensors) {
    const y = b.tensors.get(label)!.data;
    const mean = meanOf(x);
    for (let i = 0; i < x.length; i++) {
      const [p, q] = [x[i]!, y[i]!];
      if (!same(p, q) && !(Math.abs(p - q) <= units * unit * (Math.abs(p) + mean))) return true;
    }
  }
  return false;
}

/**
 * The first element of `got` outside what `runs` reach (the reference first, then runs with imitated rounding errors), widened by `factor`
 * times their spread and that of `noise` (runs in float32 from inputs a little off, whose own rounding errors differ): at the element, and on
 * average over its tensor. Where the runs themselves disagree about NaN or infinity anything goes.
 */
export function outside(got: Shown, runs: readonly Shown[], noise: readonly Shown[], name: string, factor = 16): Difference | undefined {
  const first = [...runs[0]!.tensors.values()];
  const huge = first.some(({ data }) => Array.from(data).some((v) => Number.isFinite(v) && Math.abs(v) > 1e18));
  // What cancels within a rule leaves the rounding errors of its terms, which are about as large as the tensors around and what was sent.
  const largest = Math.max(2.5, ...first.map(({ data }) => 2 * meanOf(data)));
  const of = (list: readonly Shown[], label: string): readonly ArrayLike<number>[] =>
    list.flatMap(({ tensors }) => (tensors.has(label) ? [tensors.get(label)!.data] : []));
  for (const [label, { data }] of got.tensors) {
    const all = of(runs, label);
    const [want] = all;
    if (!want) continue;
    const spreads = [all, of(noise, label)].map((list) => spreadOf(list, want.length));
    const spread = (i: number): number => spreads.reduce((sum, one) => sum + one[i]!, 0);
    const usual = spreads.reduce((sum, one) => sum + meanOf(one), 0) + 2 * unit * Math.max(meanOf(want), largest);
    for (let i = 0; i < data.length; i++) {
      const [p, q] = [data[i]!, want[i]!];
      if (same(p, q) || all.some((run) => same(p, run[i]!))) continue;
      const finite = all.filter((run) => Number.isFinite(run[i]!)).length;
      if (finite > 0 && finite < all.length) continue;
      // Sums and products that overflow on the way, where the CPU's wider accumulator does not.
      if (huge && !(Number.isFinite(p) && Number.isFinite(q))) continue;
      const bound = factor * (spread(i) + usual + 2 * unit * Math.abs(q)) + 1e-36;
      if (Math.abs(p - q) <= bound) continue;
      return { kind: "value", what: `${label}, element ${i}: ${name} gives ${p}, expected ${q} ± ${bound.toPrecision(3)}` };
    }
  }
  return undefined;
}

/** The distance between the largest and the smallest of several runs, element by element. */
const spreadOf = (list: readonly ArrayLike<number>[], length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => {
    const values = list.map((run) => run[i]!);
    return values.length === 0 ? 0 : Math.max(...values) - Math.min(...values);
  });

/** The first element whose bits differ between two runs. */
export function differsInBits(a: Shown, b: Shown): Difference | undefined {
  for (const [label, { data }] of a.tensors) {
    const other = b.tensors.get(label)!.data;
    for (let i = 0; i < data.length; i++)
      if (!Object.is(data[i], other[i])) return { kind: "bits", what: `${label}, element ${i}: ${data[i]}, then ${other[i]}` };
  }
  return undefined;
}
