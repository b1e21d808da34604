// The index of the golden cases says what the fixtures hold, and they hold enough of every public operator.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { differentiable } from "../../src/ops/op.ts";
import { catalogue, counted, LEAST, open, reasons } from "./catalogue.ts";
import { FAMILIES, loadGolden } from "./loader.ts";

const counts = await counted();
/** By their first names. */
const first = open.filter(([, op]) => !op.alias);

it("index.md is what `npm run docs` writes", async () => {
  expect(readFileSync(new URL("index.md", import.meta.url), "utf8")).toBe(await catalogue());
});

describe(`PyTorch says of every public operator ${LEAST} times what it gives, and what its gradients are to second order`, () => {
  const lacking = first.flatMap(([name, op]) => {
    const { cases, gradients, seconds } = counts[name]!;
    const least = differentiable(op) ? Math.min(cases, gradients, seconds) : cases;
    return least < LEAST ? [`${name}: ${cases} cases, ${gradients} with gradients, ${seconds} with second gradients`] : [];
  });
  const nameOf = (line: string): string => line.slice(0, line.indexOf(":"));

  it("or there is a reason", () => {
    expect(lacking.filter((line) => !(nameOf(line) in reasons))).toEqual([]);
  });

  it("and none without need", () => {
    const names = lacking.map(nameOf);
    expect(Object.keys(reasons).filter((name) => !names.includes(name))).toEqual([]);
  });
});

it("PyTorch says three times of every other name that it does what the first one does", () => {
  expect(open.filter(([name, op]) => op.alias && counts[name]!.cases < 3)).toEqual([]);
});

it("PyTorch says what happens at every kink of an elementwise operator, its gradient too", async () => {
  const cases = (await Promise.all(FAMILIES.map(loadGolden))).flat();
  const missing = first.flatMap(([name, op]) => {
    const told = cases.filter((c) => c.op === name && (c.grad !== undefined || name in reasons || !differentiable(op)));
    const met = new Set(told.flatMap(({ tensors }) => tensors.flatMap(({ data }) => data)));
    return (op.kinks ?? []).filter((kink) => !met.has(kink)).map((kink) => `${name} at ${kink}`);
  });
  expect(missing).toEqual([]);
});
