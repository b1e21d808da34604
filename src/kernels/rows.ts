// Statistics of a line, then a map of it: the kernels of shaders/rows.wgsl, and the walk over lines on the CPU.
import source from "../../shaders/rows.wgsl?raw";
import special from "../../shaders/special.wgsl?raw";
import type { View } from "../device/device.ts";
import { type Kernel, kernel, type Launcher, library, wgslType } from "../device/kernel.ts";
import { memo } from "../base/memo.ts";
import { type Shape, sizeOf } from "../base/shape.ts";

library(special);

/** [outer, length, inner] around `dim`; a 0-d tensor is one line of one element. */
export interface Lines {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

export const linesOf = (shape: Shape, dim: number): Lines => ({
  outer: sizeOf(shape.slice(0, dim)),
  length: shape[dim] ?? 1,
  inner: sizeOf(shape.slice(dim + 1)),
});

/** Calls visit with the place of every line's first element. */
export function eachLine({ outer, length, inner }: Lines, visit: (at: number, line: number) => void): void {
  for (let line = 0; line < outer * inner; line++) visit(Math.floor(line / inner) * length * inner + (line % inner), line);
}

/** Host numbers: a typed array, or a scratch line. */
export type Numbers = { [i: number]: number };

/** Writes exp(x − peak) of a line, `step` apart, to `to` from t on, `stride` apart; their sum, and the peak, the largest element. */
export function exponentials(
  x: Numbers,
  at: number,
  n: number,
  step: number,
  to: Numbers,
  t: number,
  stride: number,
): { readonly peak: number; readonly sum: number } {
  let peak = -Infinity;
  for (let i = 0, p = at; i < n; i++, p += step) if (x[p]! > peak) peak = x[p]!;
  let sum = 0;
  for (let i = 0, p = at, o = t; i < n; i++, p += step, o += stride) sum += to[o] = Math.exp(x[p]! - peak);
  return { peak, sum };
}

/** Roles with a form for contiguous lines of whole groups of four; those of weights are taken when weights are there. */
const vectors = ["load_x", "load_y", "store", "mask"];

const kernels = new Map<string, Kernel>();

/** The kernel made of the functions named; `weights_each` stands for the role `weights`. Kept by a short key, which is read in every launch. */
const lineKernel = (names: readonly string[], tree: boolean, fours: boolean, WG: number, x: View): Kernel =>
  memo(kernels, [tree, fours, WG, x.dtype, names].join(), () => {
    const spec: Record<string, number | string> = { WG, STRIDE: tree ? WG : 1, X: wgslType(x.dtype) };
    if (tree) Object.assign(spec, { gather: "gather_tree", line_of: "line_of_tree" });
    if (fours) for (const role of vectors) spec[role] = `${role}_vec4`;
    for (const name of names) {
      const role = name.slice(0, name.lastIndexOf("_"));
      spec[role] = fours && (role === "weights" || role === "biases") ? `${role}_vec4` : name;
    }
    return kernel(source, "lines", spec);
  });

/** Launches the lines of `given.x` with the functions named in place of their defaults, those of weight and bias if these are given. */
export function launchLines(
  q: Launcher,
  names: readonly string[],
  given: Readonly<Record<string, View | undefined>>,
  { outer, length, inner }: Lines,
  params: Readonly<Record<string, number>> = {},
): void {
  const lines = outer * inner;
  const slow = q.traits.barriersAreSlow;
  // A workgroup per line where barriers are cheap or lines too few to keep the adapter busy.
  const tree = slow ? lines < 16 && length >= 4096 : length > (inner > 1 && lines >= 4096 ? 1024 : 32);
  // Small workgroups spread long lines over the few threads of a software adapter.
  const wg = tree || length <= 64 ? 64 : 16;
  const bind: Record<string, View> = {};
  for (const [name, view] of Object.entries(given)) if (view) bind[name] = bind[`${name}4`] = q.dense(view);
  const wanted = names.filter((name) => given[/^(weight|bias)/.exec(name)?.[0] ?? "x"]);
  q.launch(
    lineKernel(wanted, tree, inner === 1 && length % 4 === 0, wg, bind["x"]!),
    bind,
    { lines, length, inner, channels: 1, ignored: 0, eps: 0, slope: 0, ...params },
    tree ? lines * wg : lines,
  );
}
