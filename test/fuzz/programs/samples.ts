// Calls from the operators' own samples, somewhat changed: so that every operator takes part, and wrong arguments do too.
import { type AnyOp, type Arg } from "../../../src/ops/op.ts";
import { firstNames, records } from "../../../src/ops/install.ts";
import { isFloat } from "../../../src/base/dtype.ts";
import type { Argument } from "./program.ts";
import type { Writer } from "./writer.ts";

const isArg = (v: unknown): v is Arg => typeof v === "object" && v !== null && "$" in v;

/** What only the host's generator or an optimiser decides is tested elsewhere. */
const left = new Set(["sgdStep", "adamStep", "batchNorm", "float", "bernoulli", "bernoulli_", "normal_", "uniform_", "exponential_", "dropout", "alphaDropout", "featureAlphaDropout", "dropout1d", "dropout2d", "dropout3d"]); // prettier-ignore

export const sampled = (): string[] => firstNames().flatMap(([name]) => (left.has(name) ? [] : [name]));

const fits = (sample: readonly unknown[]): boolean =>
  sample.every((v) => !isArg(v) || v.$.reduce((n, d) => n * d, 1) <= 400) && JSON.stringify(sample).length < 2000;

/** A sample of the operator as arguments, with probability `change` of one literal or size altered. */
export function sampleOf(w: Writer, name: string, change: number): readonly Argument[] | undefined {
  const { rng } = w;
  const samples = (records[name] as AnyOp).samples.filter(fits);
  if (samples.length === 0) return undefined;
  const altered = rng.chance(change) ? rng.int(0, 5) : -1;
  let count = 0;
  const literal = (v: number): number => (count++ === altered ? rng.pick([0, 1, 2, 3, -1, v + 1, -v, 0.5]) : v);
  const build = (v: unknown): Argument => {
    if (isArg(v)) {
      const shape = v.$.map(literal).map((d) => Math.max(0, Math.floor(d)));
      const low = v.low ?? -2;
      const high = v.high ?? 2;
      const size = shape.reduce((n, d) => n * d, 1);
      if (v.dtype !== undefined && !isFloat(v.dtype)) {
        const contents = Array.from({ length: size }, (_, i) => v.data?.[i % v.data.length] ?? rng.int(0, v.dtype === "bool" ? 1 : 3));
        return w.emit("leaf", [shape, v.dtype, contents, false])[0] ?? null;
      }
      if (v.low === undefined && v.data === undefined && rng.chance(0.4)) return w.float({ shape });
      return w.leaf(shape, { grad: !v.fixed && rng.chance(0.8), number: () => Math.fround(low + (high - low) * rng.unit()) });
    }
    if (typeof v === "number") return literal(v);
    if (Array.isArray(v)) return v.map(build);
    if (typeof v !== "object" || v === null) return v as Argument;
    return Object.fromEntries(Object.entries(v).map(([key, item]) => [key, build(item)]));
  };
  return rng.pick(samples).map(build);
}
