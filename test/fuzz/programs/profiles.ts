// What kinds of programs there are, and how one is made from a seed.
import { Rng } from "../random.ts";
import { arrangement, indexing, views, windows } from "./arrangements.ts";
import { type Calls, exact, losses, products, smooth } from "./calls.ts";
import { lives, smoothWrites, writes } from "./effects.ts";
import type { Program } from "./program.ts";
import { sampled, sampleOf } from "./samples.ts";
import { type Material, Writer } from "./writer.ts";

interface Profile {
  /** Drawn for every program. */
  readonly material: (rng: Rng) => Material;
  /** Families of calls, each with its weight. */
  readonly families: readonly (readonly [weight: number, calls: Calls | "samples"])[];
  readonly steps: readonly [number, number];
  /** Probability that gradients of gradients are compared. */
  readonly second: number;
  readonly noGrad?: number;
  readonly tidy?: number;
}

const continuous = (rng: Rng): number => (rng.unit() - 0.5) * 4;
const whole = (rng: Rng): number => rng.int(-3, 3);
/** NaN, infinities and both zeros among ordinary numbers; and sizes at which float32 functions begin to overflow or vanish. */
const odd = [0, -0, NaN, Infinity, -Infinity, 1, -1, 0.5, 2];
const extremes = [...odd, 88.8, -104, 1e-12, -1e-12, 1e5, 16777217, 3e38, -3e38, 1e19, 1e-18];
const basis: Material = { sizes: [1, 2, 2, 3, 4], mostRank: 4, number: continuous, large: 50, fresh: 0.25 };
const plain = (): Material => basis;

export const profiles: Readonly<Record<string, Profile>> = {
  generic: {
    material: plain,
    families: [[3, exact], [5, smooth], [2, products], [1, losses], [2, views], [1, arrangement], [4, "samples"]], // prettier-ignore
    steps: [3, 9],
    second: 0.25,
  },
  views: {
    material: () => ({ ...basis, fresh: 0.12 }),
    families: [[5, views], [4, writes], [1, smoothWrites], [2, exact], [1, arrangement], [1, smooth]], // prettier-ignore
    steps: [5, 14],
    second: 0.2,
    noGrad: 0.06,
  },
  ties: {
    material: () => ({ ...basis, number: whole, exact: true, large: 1000 }),
    families: [[6, exact], [1, products], [2, views], [2, arrangement], [2, indexing], [2, writes], [1, windows]], // prettier-ignore
    steps: [3, 9],
    second: 0.3,
  },
  special: {
    material: (rng) => {
      const pool = rng.chance(0.6) ? odd : extremes;
      return { ...basis, number: (r) => (r.chance(0.4) ? r.pick(pool) : continuous(r)), large: Infinity };
    },
    families: [[4, exact], [5, smooth], [1, losses], [1, views], [1, products], [2, arrangement]], // prettier-ignore
    steps: [2, 5],
    second: 0.1,
  },
  shapes: {
    material: () => ({ ...basis, sizes: [0, 1, 1, 2, 3, 5, 7], mostRank: 6 }),
    families: [[2, exact], [2, smooth], [2, products], [1, losses], [3, views], [3, arrangement], [1, indexing], [1, writes], [3, "samples"]], // prettier-ignore
    steps: [3, 8],
    second: 0.25,
  },
  lives: {
    material: () => ({ ...basis, fresh: 0.15 }),
    families: [[5, lives], [3, smooth], [2, exact], [2, views], [2, writes]], // prettier-ignore
    steps: [5, 14],
    second: 0.2,
    noGrad: 0.08,
    tidy: 0.25,
  },
  second: {
    material: plain,
    families: [[2, exact], [5, smooth], [2, products], [1, losses], [1, windows], [1, indexing], [1, views], [3, "samples"]], // prettier-ignore
    steps: [2, 6],
    second: 1,
  },
  windows: {
    material: plain,
    families: [[6, windows], [1, views], [1, smooth], [1, writes]], // prettier-ignore
    steps: [2, 5],
    second: 0.4,
  },
  indexing: {
    material: plain,
    families: [[6, indexing], [2, views], [2, writes], [1, exact], [1, arrangement]], // prettier-ignore
    steps: [3, 9],
    second: 0.25,
  },
};
export const profileNames = Object.keys(profiles);

function chosen(rng: Rng, families: Profile["families"]): Calls | "samples" {
  let at = rng.unit() * families.reduce((sum, [weight]) => sum + weight, 0);
  return families.find(([weight]) => (at -= weight) < 0)?.[1] ?? families[0]![1];
}

function append(w: Writer, { families, noGrad = 0 }: Profile): void {
  const { rng } = w;
  const calls = chosen(rng, families);
  const name = rng.pick(calls === "samples" ? sampled() : Object.keys(calls));
  const args = calls === "samples" ? sampleOf(w, name, 0.25) : calls[name]!(w);
  if (args) w.emit(name, args, rng.chance(noGrad) ? { noGrad: true } : {});
}

/** The program number `index` of a seed. */
export function generate(profile: string, seed: number, index: number): Program {
  const rng = new Rng(seed, index);
  const rules = profiles[profile]!;
  const w = new Writer(rng, rules.material(rng));
  const length = rng.int(...rules.steps);
  for (let i = 0; i < length; i++)
    if (rng.chance(rules.tidy ?? 0)) {
      const before = new Set(w.machine.values.keys());
      const body = w.nested(() => {
        for (let k = rng.int(1, 4); k > 0; k--) append(w, rules);
      });
      const made = [...w.machine.values.keys()].filter((key) => !before.has(key));
      const kept = made.filter(() => rng.chance(0.5)).map(($) => ({ $ }));
      // What leaves the writer's own machine leaves the program's.
      for (const key of made) if (!kept.some(({ $ }) => $ === key)) w.machine.values.delete(key);
      w.steps.push({ name: w.name(), op: "tidy", args: kept, body });
    } else append(w, rules);
  return { profile, seed, steps: w.steps, second: rng.chance(rules.second) };
}
