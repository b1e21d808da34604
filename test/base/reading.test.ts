// What the types rule out is refused in the library's own words, by every entry point that is no operator.
import { describe, expect, it } from "vitest";
import { DtypeError, WengertError } from "../../src/base/errors.ts";
import { autograd, data, inspect, linspace, nn, noGrad, ones, optim, randint, tensor, tidy } from "../../src/index.ts";
import { randomSplit, Subset, SubsetRandomSampler } from "../../src/data/index.ts";

const alien = (value: unknown): never => value as never;
const model = new nn.Sequential(new nn.Linear(2, 3));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });

describe("callable", () => {
  it.each<[string, () => unknown]>([
    ["noGrad", () => noGrad(alien(undefined))],
    ["tidy", () => tidy(alien(tensor([1])))],
    ["detectAnomaly", () => autograd.detectAnomaly(alien(null))],
    ["checkpoint", () => autograd.checkpoint(alien(1))],
    ["apply", () => model.apply(alien("text"))],
    ["step", () => optimizer.step(alien([1]))],
    ["hook", () => model.registerForwardHook(alien(3))],
  ])("%s of something that is no function says what it got", (op, call) => {
    expect(call).toThrow(DtypeError);
    expect(call).toThrow(new RegExp(`^${op}: .*must be a function, got `));
  });

  it("noGrad keeps recording on when there is nothing to run", () => {
    expect(() => noGrad(alien(null))).toThrow(DtypeError);
    expect(autograd.isGradEnabled()).toBe(true);
  });
});

describe("listed", () => {
  it.each<[string, () => unknown]>([
    ["Sequential", () => model.extend(alien(new nn.ReLU()))],
    ["ModuleList", () => new nn.ModuleList(alien(tensor([1])))],
    ["Subset", () => new Subset(new data.TensorDataset(tensor([1])), alien(0))],
    ["SubsetRandomSampler", () => new SubsetRandomSampler(alien(undefined))],
    ["collate", () => data.defaultCollate(alien(2))],
    ["SGD", () => new optim.SGD(alien(5), { lr: 0.1 })],
  ])("%s of something that is no list says what it got", (op, call) => {
    expect(call).toThrow(DtypeError);
    expect(call).toThrow(new RegExp(`^${op}: .*must be a list, got `));
  });
});

describe("entry", () => {
  it.each<[string, () => unknown]>([
    ["ones", () => ones(alien(10n), alien(Symbol("alien")))],
    ["linspace", () => linspace(0, alien(Symbol("alien")), 3)],
    ["randint", () => randint(alien(10n), [2])],
    ["randomSplit", () => randomSplit(new data.TensorDataset(tensor([1])), alien(undefined))],
    ["normal_", () => nn.init.normal_(tensor([1]), alien(Symbol("alien")))],
    ["Conv2d", () => new nn.Conv2d(1, 1, alien(Symbol("alien")))],
    ["registerBuffer", () => model.registerBuffer(alien(7), tensor([1]))],
    ["zeroGrad", () => model.zeroGrad(alien(null))],
    ["to", () => model.to(alien(null))],
    ["SGD", () => optimizer.addParamGroup(alien(null))],
    ["summary", () => inspect.summary(alien(undefined))],
  ])("%s of alien arguments throws a typed error that names it", (op, call) => {
    expect(call).toThrow(WengertError);
    expect(call).toThrow(new RegExp(`^${op}: `));
  });

  it("keeps the engine's error as the cause", () => {
    expect(() => linspace(0, alien(Symbol("alien")), 3)).toThrow(
      expect.objectContaining({ cause: expect.any(TypeError) as unknown }) as Error,
    );
  });
});
