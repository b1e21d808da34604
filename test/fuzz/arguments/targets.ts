// Everything a program can call: functions, constructors, and the methods of what these make.
import * as root from "../../../src/index.ts";
import { records } from "../../../src/ops/install.ts";
import { functions } from "../../../src/tensor/methods.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Callable, type Export, isClass, methodsOf, publicExports } from "../../calling/surface.ts";

export interface Target {
  readonly name: string;
  readonly call: (args: readonly unknown[]) => unknown;
}

/** What changes the house for everyone, takes minutes, or is an abstract class whose misuse the types rule out. */
const left = new Set(["init", "selfTest", "setPrintOptions", "Tensor", "Module", "Optimizer", "LRScheduler", "Function", "Context", "setGradEnabled", "profile", "enableGrad", "check", "update", "initial", "zerosFor", "begin", "make", "extra", "fans", "stateEntries", "stateNames", "fillUniform", "philox"]); // prettier-ignore

/** Library code only: not meant for arguments from outside. */
const internal = new Set(["setHistory", "rebase", "viewed", "alias", "preserved", "receiveGrad", "moveTo", "moved", "filledLike", "uploadedLike", "constantOn", "checkInPlace", "peekGrad", "seenFrom"]); // prettier-ignore

const isLeft = (name: string): boolean => left.has(name.replace(/^.*\./, "")) || name.endsWith("Error");
/** What the root holds by itself, and operators under names of nn.functional's own. */
const isFunction = ({ name }: Export): boolean => !name.includes(".") || name.startsWith("nn.functional.");

const targetOf = ({ name, value }: Export): Target =>
  isClass(value) ? { name: `new ${name}`, call: (args) => new value(...args) } : { name, call: (args) => (value as Callable)(...args) };

const methodTargets = (title: string, make: () => object): Target[] =>
  methodsOf(make())
    .filter(({ key }) => !left.has(key) && !internal.has(key))
    .map(({ key }) => ({ name: `${title}.${key}`, call: (args) => (make() as Record<string, Callable>)[key]!(...args) }));

const tensors: Readonly<Record<string, () => Tensor>> = {
  "float[2, 3]": () => tensor([[1, 2, 3], [4, 5, 6]], { requiresGrad: true, device: "cpu" }), // prettier-ignore
  "int32[3]": () => tensor([0, 1, 2], { dtype: "int32", device: "cpu" }),
  "bool[]": () => tensor(true, { device: "cpu" }),
};

const parameters = (): Tensor[] => [tensor([1, 2], { requiresGrad: true, device: "cpu" })];
const { nn, optim, data } = root;

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

const exported = (): Export[] => publicExports().filter(({ name }) => !isLeft(name));

export const families: Readonly<Record<string, () => Target[]>> = {
  functions: () => [
    ...exported().filter(isFunction).map(targetOf),
    // What is exported by rooms alone. What others are made of is given sound arguments by these.
    ...Object.entries(records)
      .filter(([name, { internal }]) => !internal && !(name in root))
      .map(([name]) => ({ name, call: (args: readonly unknown[]) => (functions as unknown as Record<string, Callable>)[name]!(...args) })),
  ],
  methods: () => Object.entries(tensors).flatMap(([title, make]) => methodTargets(title, make)),
  rooms: () => [
    ...exported()
      .filter((target) => !isFunction(target))
      .map(targetOf),
    ...Object.entries(instances).flatMap(([title, make]) => methodTargets(title, make)),
  ],
};
export const familyNames = Object.keys(families);
