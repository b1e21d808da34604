// Everything a program can call: functions, constructors, and the methods of what these make.
import * as root from "../../../src/index.ts";
import { records } from "../../../src/ops/install.ts";
import { functions } from "../../../src/tensor/methods.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";

export interface Target {
  readonly name: string;
  readonly call: (args: readonly unknown[]) => unknown;
}

type Callable = (...args: readonly unknown[]) => unknown;
type Constructor = new (...args: readonly unknown[]) => object;

const isClass = (v: unknown): v is Constructor =>
  typeof v === "function" && /^class\b/.test(globalThis.Function.prototype.toString.call(v));

/** What changes the house for everyone, takes minutes, or is an abstract class whose misuse the types rule out. */
const left = new Set(["init", "selfTest", "setPrintOptions", "Tensor", "Module", "Optimizer", "LRScheduler", "Function", "Context", "setGradEnabled", "profile", "enableGrad", "constructor", "check", "update", "initial", "zerosFor", "begin", "make", "extra", "fans", "stateEntries", "stateNames", "fillUniform", "philox"]); // prettier-ignore

function exportsOf(space: object, prefix: string): Target[] {
  return Object.entries(space).flatMap(([key, value]: [string, unknown]): Target[] => {
    const name = `${prefix}${key}`;
    if (left.has(key) || key.endsWith("Error")) return [];
    if (isClass(value)) return [{ name: `new ${name}`, call: (args) => new value(...args) }];
    return typeof value === "function" ? [{ name, call: (args) => (value as Callable)(...args) }] : [];
  });
}

const methodNames = (prototype: object): string[] => {
  const found = new Set<string>();
  for (let p: object | null = prototype; p && p !== Object.prototype; p = Object.getPrototypeOf(p) as object | null)
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(p)))
      if (typeof value === "function" && !left.has(key)) found.add(key);
  return [...found];
};

const methodsOf = (title: string, make: () => object): Target[] =>
  methodNames(make()).map((key) => ({
    name: `${title}.${key}`,
    call: (args) => (make() as Record<string, Callable>)[key]!(...args),
  }));

/** Library code only: not meant for arguments from outside. */
const internal = new Set(["setHistory", "rebase", "viewed", "alias", "preserved", "receiveGrad", "moveTo", "moved", "filledLike", "uploadedLike", "constantOn", "checkInPlace", "peekGrad", "seenFrom"]); // prettier-ignore

const tensors: Readonly<Record<string, () => Tensor>> = {
  "float[2, 3]": () => tensor([[1, 2, 3], [4, 5, 6]], { requiresGrad: true, device: "cpu" }), // prettier-ignore
  "int32[3]": () => tensor([0, 1, 2], { dtype: "int32", device: "cpu" }),
  "bool[]": () => tensor(true, { device: "cpu" }),
};

const parameters = (): Tensor[] => [tensor([1, 2], { requiresGrad: true, device: "cpu" })];
const { nn, optim, data, io, inspect, autograd } = root;

/** What rooms make, ready to be called wrongly. */
const instances: Readonly<Record<string, () => object>> = {
  linear: () => new nn.Linear(2, 3),
  conv: () => new nn.Conv2d(1, 2, 3),
  embedding: () => new nn.Embedding(4, 2),
  batchNorm: () => new nn.BatchNorm1d(3),
  sequential: () => new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU()),
  moduleList: () => new nn.ModuleList([new nn.Linear(2, 3)]),
  crossEntropyLoss: () => new nn.CrossEntropyLoss(),
  sgd: () => new optim.SGD(parameters(), { lr: 0.1 }),
  adam: () => new optim.Adam(parameters()),
  stepLR: () => new optim.StepLR(new optim.SGD(parameters(), { lr: 0.1 }), 2),
  dataset: () => new data.TensorDataset(tensor([1, 2, 3])),
  loader: () => new data.DataLoader(new data.TensorDataset(tensor([1, 2, 3]))),
  generator: () => new root.Generator(1),
};

export const families: Readonly<Record<string, () => Target[]>> = {
  functions: () => [
    ...exportsOf(root, ""),
    ...exportsOf(nn.functional, "nn.functional."),
    // What others are made of is no export.
    ...Object.keys(records)
      .filter((name) => !(name in root))
      .map((name) => ({ name, call: (args: readonly unknown[]) => (functions as unknown as Record<string, Callable>)[name]!(...args) })),
  ],
  methods: () =>
    Object.entries(tensors).flatMap(([title, make]) => methodsOf(title, make).filter(({ name }) => !internal.has(name.split(".")[1]!))),
  rooms: () => [
    ...exportsOf(nn, "nn."),
    ...exportsOf(nn.init, "nn.init."),
    ...exportsOf(nn.utils, "nn.utils."),
    ...exportsOf(optim, "optim."),
    ...exportsOf(data, "data."),
    ...exportsOf(io, "io."),
    ...exportsOf(inspect, "inspect."),
    ...exportsOf(autograd, "autograd."),
    ...Object.entries(instances).flatMap(([title, make]) => methodsOf(title, make)),
  ],
};
export const familyNames = Object.keys(families);
