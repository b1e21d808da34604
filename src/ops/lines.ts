// Kernels that treat one dimension as a line: one invocation per line, or a workgroup where barriers are cheap and lines are long.
import type { View } from "../backend/backend.ts";
import { kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import { recast } from "./reduction.ts";

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

/** How many lines one adapter needs to be busy: fewer long ones are better cut up. */
export const fewLines = (q: Launcher, { outer, length, inner }: Lines): boolean =>
  q.traits.barriersAreSlow && outer * inner < 16 && length >= 4096;

const texts = new Map<string, Map<string, Record<string, string>>>();

/**
 * Launches the entry `lines` or `lines_tree` of `source` with `roles` put in place. `vector` names the roles that have a form for
 * whole groups of four in contiguous lines.
 */
export function launchLines(
  q: Launcher,
  source: string,
  roles: Readonly<Record<string, string>>,
  vector: readonly string[],
  bind: Readonly<Record<string, View>>,
  { outer, length, inner }: Lines,
  params: Readonly<Record<string, number>> = {},
): void {
  const tree = !q.traits.barriersAreSlow && length > (inner > 1 && outer * inner >= 4096 ? 1024 : 32);
  const fours = inner === 1 && length % 4 === 0;
  let own = texts.get(source);
  if (!own) texts.set(source, (own = new Map()));
  const key = JSON.stringify([roles, tree, fours]);
  let fns = own.get(key);
  if (!fns) {
    const all: Record<string, string> = { ...roles };
    if (tree) Object.assign(all, { gather_max: "gather_max_tree", gather_sum: "gather_sum_tree" });
    if (fours) for (const role of vector) all[role] = role === "mask" ? "mask_none" : `${role}_vec4`;
    own.set(key, (fns = recast(source, all)));
  }
  const lines = outer * inner;
  // Small workgroups spread long lines over the few threads of a software adapter.
  const wg = tree || length <= 64 ? 64 : 16;
  const consts = { WG: wg, STRIDE: tree ? wg : 1 };
  const spec = { consts, aliases: { X: wgslType(bind["x"]!.dtype) }, fns };
  const pairs = Object.fromEntries(Object.entries(bind).map(([name, view]) => [`${name}4`, view]));
  q.launch(
    kernel(source, tree ? "lines_tree" : "lines", spec),
    { ...bind, ...pairs },
    { lines, length, inner, ...params },
    tree ? lines * wg : lines,
  );
}
