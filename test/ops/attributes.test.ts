// Attributes that are none: every option of every operator refuses what it cannot mean, by a typed error, before anything runs.
import "../../src/ops/all.ts";
import { describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { onEveryDevice } from "../devices.ts";
import { WengertError } from "../../src/base/errors.ts";
import { callOp, materialise } from "../../src/inspect/samples.ts";
import { firstNames } from "../../src/ops/install.ts";
import type { Sample } from "../../src/ops/op.ts";

const isArg = (v: unknown): boolean => typeof v === "object" && v !== null && "$" in v;
const isOptions = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null && !Array.isArray(v) && !isArg(v);

/** The names that an operator takes as options, as its own message for an unknown one lists them. */
function optionsOf(name: string, sample: Sample): string[] {
  try {
    callOp(name, [...materialise(sample, "cpu", "float32").args, { unheardOf: 1 }]);
  } catch (error) {
    const known = /unknown option unheardOf \(known: (.*)\)$/.exec((error as Error).message)?.[1];
    return known ? known.split(", ") : [];
  }
  return [];
}

const table = firstNames();
/** Every sample without its options, with the options that may follow. */
const options = table.flatMap(([name, op]) =>
  op.samples
    .map((sample) => (isOptions(sample.at(-1)) ? sample.slice(0, -1) : sample))
    .map((sample) => ({ name, sample, keys: optionsOf(name, sample) }))
    .filter(({ keys }) => keys.length > 0)
    .slice(0, 1),
);
const bad: readonly unknown[] = ["nonsense", 10n, () => 0, Symbol("nonsense"), ["nonsense"], { nonsense: 1 }];

describe.each(options)("$name", ({ name, sample, keys }) => {
  it.each(keys)("refuses a %s that means nothing", (key) => {
    for (const value of bad) {
      const call = (): unknown => callOp(name, [...materialise(sample, "cpu", "float32").args, { [key]: value }]);
      expect(call, typeof value).toThrow(WengertError);
    }
  });
});

it("finds the options of most families", () => {
  expect(options.length).toBeGreaterThan(40);
});

onEveryDevice(() => {
  const x = (): w.Tensor =>
    w.tensor([
      [1, 2],
      [3, 4],
    ]);
  it.each([
    ["softplus", () => x().softplus("mean" as never), 'softplus: beta must be a number, got "mean"'],
    ["softplus", () => x().softplus(10n as never), "softplus: beta must be a number, got 10n"],
    ["layerNorm", () => x().layerNorm([2], { eps: "x" as never }), 'layerNorm: eps must be a number, got "x"'],
    ["elu", () => x().elu(null as never), "elu: alpha must be a number, got null"],
    ["var", () => x().var(0, { correction: "x" as never }), 'var: correction must be a number, got "x"'],
    ["sum", () => x().sum(0, 1 as never), "sum: keepdim must be a boolean, got 1"],
    ["dropout", () => x().dropout(NaN, true), "dropout: p must be between 0 and 1, got NaN"],
    ["leakyRelu", () => x().leakyRelu({ negativeSlope: [0.1] as never }), "leakyRelu: negativeSlope must be a number, got [0.1]"],
    ["pad", () => x().pad([1, 1], "constant", "0" as never), 'pad: value must be a number, got "0"'],
    ["nn.ELU", () => new w.nn.ELU("x" as never), 'ELU: alpha must be a number, got "x"'],
    ["nn.LayerNorm", () => new w.nn.LayerNorm(2, { eps: null as never }), "LayerNorm: eps must be a number, got null"],
    ["optim.SGD", () => new w.optim.SGD([w.ones(1).requiresGrad_()], { lr: "0.1" as never }), 'SGD: lr must be a number, got "0.1"'],
  ])("%s: names the attribute and the value", (_name, call, message) => {
    expect(call).toThrow(message);
  });

  it("softplus, leakyRelu: take numbers that are not finite, as PyTorch does", async () => {
    expect(await x().leakyRelu(Infinity).tolist()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(await x().softplus(NaN).sum().item()).toBeNaN();
  });
});
