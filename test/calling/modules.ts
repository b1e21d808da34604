// Valid calls of containers, of lazy layers and of nn.utils, as calls.ts has them of the rest.
import * as w from "../../src/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { along, type Args, matrix, type On, vector } from "./values.ts";

const { nn } = w;

const linear = (): w.nn.Linear => new nn.Linear(3, 2);
const parametrized = (): w.nn.Linear => nn.utils.parametrizations.weightNorm(linear());
const modules = (): w.nn.Module => new nn.ModuleDict({ a: new nn.ReLU() });
const parameters = (): w.nn.Module => new nn.ParameterDict({ a: vector(1) });

/** Functions of nn.utils. */
export const utilityCalls: Readonly<Record<string, Args>> = {
  "nn.utils.fuseConvBnEval": () => [new nn.Conv1d(1, 2, 1).eval(), new nn.BatchNorm1d(2).eval(), false],
  "nn.utils.fuseConvBnWeights": () => [matrix(), null, vector(1, 2), vector(1, 2), 1, null, null, false],
  "nn.utils.fuseLinearBnEval": () => [new nn.Linear(1, 2).eval(), new nn.BatchNorm1d(2).eval()],
  "nn.utils.fuseLinearBnWeights": () => [matrix(), null, vector(1, 2), vector(1, 2), 1, null, null],
  "nn.utils.parametersToVector": () => [[vector(1, 2)]],
  "nn.utils.parametrizations.orthogonal": () => [linear(), "weight", "householder", {}],
  "nn.utils.parametrizations.spectralNorm": () => [linear(), "weight", 1, 1e-12, 0],
  "nn.utils.parametrizations.weightNorm": () => [linear(), "weight", 0],
  "nn.utils.parametrize.cached": () => [() => 1],
  "nn.utils.parametrize.isParametrized": () => [linear(), "weight"],
  "nn.utils.parametrize.registerParametrization": () => [linear(), "weight", new nn.Identity(), true],
  "nn.utils.parametrize.removeParametrizations": () => [parametrized(), "weight", true],
  "nn.utils.parametrize.typeBeforeParametrizations": () => [linear()],
  "nn.utils.removeSpectralNorm": () => [nn.utils.spectralNorm(linear()), "weight"],
  "nn.utils.removeWeightNorm": () => [nn.utils.weightNorm(linear()), "weight"],
  "nn.utils.skipInit": () => [nn.Linear, 3, 2, true],
  "nn.utils.spectralNorm": () => [linear(), "weight", 1, 1e-12, 0],
  "nn.utils.vectorToParameters": () => [vector(1, 2), [vector(1, 2)]],
  "nn.utils.weightNorm": () => [linear(), "weight", 0],
};

const lazyLayers: Readonly<Record<string, readonly [make: () => object, input: Tensor]>> = {
  LazyLinear: [() => new nn.LazyLinear(2), matrix()],
  ...Object.fromEntries(
    ([1, 2, 3] as const).flatMap((rank) => {
      const input = along(rank);
      return [
        [`LazyConv${rank}d`, [() => new nn[`LazyConv${rank}d`](2, 1), input]],
        [`LazyConvTranspose${rank}d`, [() => new nn[`LazyConvTranspose${rank}d`](2, 1), input]],
        [`LazyBatchNorm${rank}d`, [() => new nn[`LazyBatchNorm${rank}d`](), input]],
        [`LazyInstanceNorm${rank}d`, [() => new nn[`LazyInstanceNorm${rank}d`](), input]],
      ] as const;
    }),
  ),
};

/** Methods of containers, and of what has no shape yet. */
export const containerCalls: Readonly<Record<string, On>> = {
  "Numbered.append": () => ({ on: new nn.ModuleList(), args: [new nn.ReLU()] }),
  "Numbered.at": () => ({ on: new nn.ModuleList([new nn.ReLU()]), args: [0] }),
  "Numbered.extend": () => ({ on: new nn.ModuleList(), args: [[new nn.ReLU()]] }),
  "Numbered.set": () => ({ on: new nn.ModuleList([new nn.ReLU()]), args: [0, new nn.Tanh()] }),
  "ModuleSequence.insert": () => ({ on: new nn.ModuleList(), args: [0, new nn.ReLU()] }),
  "ModuleSequence.pop": () => ({ on: new nn.ModuleList([new nn.ReLU()]), args: [0] }),
  "ModuleList.slice": () => ({ on: new nn.ModuleList([new nn.ReLU()]), args: [0, 1] }),
  "Sequential.slice": () => ({ on: new nn.Sequential(new nn.ReLU()), args: [0, 1] }),
  "ParameterList.slice": () => ({ on: new nn.ParameterList([vector(1)]), args: [0, 1] }),
  "Keyed.clear": () => ({ on: modules(), args: [] }),
  "Keyed.get": () => ({ on: modules(), args: ["a"] }),
  "Keyed.has": () => ({ on: modules(), args: ["a"] }),
  "Keyed.items": () => ({ on: modules(), args: [] }),
  "Keyed.keys": () => ({ on: modules(), args: [] }),
  "Keyed.pop": () => ({ on: modules(), args: ["a"] }),
  "Keyed.set": () => ({ on: modules(), args: ["b", new nn.ReLU()] }),
  "Keyed.update": () => ({ on: modules(), args: [{ b: new nn.ReLU() }] }),
  "Keyed.values": () => ({ on: modules(), args: [] }),
  "ParameterDict.copy": () => ({ on: parameters(), args: [] }),
  "ParameterDict.popitem": () => ({ on: parameters(), args: [] }),
  "ParameterDict.setdefault": () => ({ on: parameters(), args: ["b", vector(1)] }),
  "ParametrizationList.rightInverse": () => ({ on: parametrized().getSubmodule("parametrizations.weight"), args: [matrix()] }),
  ...Object.fromEntries(
    (["UninitializedParameter", "UninitializedBuffer"] as const).flatMap((name) =>
      ["materialize", "detach", "cpu", "toString"].map((key): [string, On] => [
        `${name}.${key}`,
        () => ({ on: new nn[name](), args: key === "materialize" ? [[2]] : [] }),
      ]),
    ),
  ),
  ...Object.fromEntries(
    Object.entries(lazyLayers).flatMap(([name, [make, input]]): [string, On][] => [
      [`${name}.hasUninitializedParams`, () => ({ on: make(), args: [] })],
      [`${name}.initializeParameters`, () => ({ on: make(), args: [input] })],
    ]),
  ),
  "ChannelNorm.resetRunningStats": () => ({ on: new nn.BatchNorm1d(2), args: [] }),
};
