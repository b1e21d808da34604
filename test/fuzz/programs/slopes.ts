// Gradients against difference quotients of the program itself, in float64: an oracle that shares no rule with what it checks.
import { Rng } from "../random.ts";
import { type Difference, type Shown, shownBy } from "./compare.ts";
import { type Deviation, type Outcome, type Place, runProgram } from "./machine.ts";
import { type Program, type Step } from "./program.ts";

const truth: Place = { device: "cpu", float: "float64" };
/** What cuts or bends gradients on purpose. */
const cutting = new Set(["detach", "hook", "backward", "dispose", "release", "requiresGrad_", "zeroGrad", "read"]);
const differentiable = (steps: readonly Step[]): boolean => steps.every(({ op, noGrad, body }) => !noGrad && !body && !cutting.has(op));

type Totals = Readonly<Record<string, number>>;

/** For each stage, the sum of what it began from, weighted as it was sent. */
function totals({ sent }: Outcome, { tensors }: Shown): Totals {
  const sum = (parts: Outcome["sent"][string]): number => {
    let total = 0;
    for (const { label, weights } of parts) {
      const data = tensors.get(label)?.data ?? [];
      weights.forEach((w, i) => (total += w * data[i]!));
    }
    return total;
  };
  return Object.fromEntries(Object.entries(sent).map(([stage, parts]) => [stage, sum(parts)]));
}

const direction = (name: string, i: number): number => new Rng(i + 1, name.length + Number(name.slice(1))).unit() - 0.5;

/** A gradient that is not the slope of its program, where the program has a slope. */
export async function slopes(program: Program, ref: Shown): Promise<Difference | undefined> {
  if (program.profile === "ties" || program.profile === "special" || !differentiable(program.steps)) return undefined;
  for (const stage of ["grad", "second"]) {
    const parts = [...ref.tensors].filter(([label]) => label.startsWith(`${stage} `));
    if (parts.length === 0) continue;
    let [expected, size] = [0, 0];
    for (const [label, { data }] of parts) {
      const name = label.slice(stage.length + 1);
      for (let i = 0; i < data.length; i++) {
        expected += data[i]! * direction(name, i);
        size += Math.abs(data[i]!);
      }
    }
    if (!Number.isFinite(expected)) continue;
    const at = async (h: number): Promise<number> => {
      const shift: NonNullable<Deviation["shift"]> = (data, name) => data.map((v, i) => v + h * direction(name, i));
      const outcome = runProgram({ ...program, second: stage === "second" }, truth, { shift });
      return totals(outcome, await shownBy(outcome))[stage] ?? NaN;
    };
    // An agreeing quotient ends it; a differing one counts only where those of other steps, and of each side, agree with it.
    const h = 1e-4;
    const [up, down] = [await at(h), await at(-h)];
    const quotient = (up - down) / (2 * h);
    const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * (Math.abs(a) + Math.abs(b) + 0.01 * size) + 1e-6;
    if (near(quotient, expected) || !Number.isFinite(quotient)) continue;
    const middle = await at(0);
    const closer = ((await at(h / 10)) - (await at(-h / 10))) / (h / 5);
    const sides = [(up - middle) / h, (middle - down) / h] as const;
    const smooth = (a: number, b: number): boolean => Math.abs(a - b) <= 0.05 * Math.abs(quotient - expected);
    if (smooth(quotient, closer) && smooth(...sides) && !near(closer, expected))
      return { kind: "slope", what: `${stage}: the gradient gives ${expected} along a direction, the difference quotient ${closer}` };
  }
  return undefined;
}
