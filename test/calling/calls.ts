// Valid calls of everything public that is no operator: each with all of its positional arguments where they have defaults.
import * as w from "../../src/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { layerOf, layers } from "./layers.ts";
import { containerCalls, utilityCalls } from "./modules.ts";
import { type Args, leaf, matrix, type On, vector } from "./values.ts";

const { nn, optim, data, io } = w;

export const generator = (): w.Generator => new w.Generator(1);

const model = (): w.nn.Module => new nn.Sequential(new nn.Linear(3, 2), new nn.BatchNorm1d(2));
const sgd = (): w.optim.SGD => new optim.SGD([leaf()], { lr: 0.1 });
const dataset = (): w.data.TensorDataset => new data.TensorDataset(vector(1, 2, 3));
const half = (epoch: number): number => 0.5 ** epoch;
const nothing = (): void => undefined;

/** A safetensors file without tensors, and the smallest IDX file. */
const emptyFile = (): Uint8Array => Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]);
const idx = (): Uint8Array => Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 1, 7]);

const definition = {
  name: "twice",
  wgsl: `@group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> out: array<f32>;
    @compute @workgroup_size(64) fn twice(@builtin(global_invocation_id) id: vec3u) { if (id.x < arrayLength(&out)) { out[id.x] = 2.0 * x[id.x]; } }`,
  inputs: ["x"],
  attrs: { scale: 1 },
  cpu: ({ x }: { readonly x: ArrayLike<number> }, out: { [i: number]: number }) => {
    for (let i = 0; i < x.length; i++) out[i] = 2 * x[i]!;
  },
} as const;
/** What defineKernel gives. */
export const userKernel = (): ReturnType<typeof w.defineKernel> => w.defineKernel(definition as never);

/** Functions, under the first name that they are exported by. */
export const functionCalls: Readonly<Record<string, Args>> = {
  allclose: () => [matrix(), matrix(), 1e-5, 1e-8, false],
  argwhere: () => [matrix()],
  bincount: () => [vector(1, 2).to("int32"), null, 0],
  maskedSelect: () => [matrix(), matrix().gt(2)],
  multinomial: () => [vector(1, 2), 1, false, { generator: generator() }],
  nonzero: () => [matrix(), {}],
  arange: () => [0, 6, 2, {}],
  asTensor: () => [[1, 2], "float32", "cpu"],
  empty: () => [[2, 3], {}],
  emptyLike: () => [matrix(), {}],
  equal: () => [matrix(), matrix()],
  bartlettWindow: () => [4, true, {}],
  blackmanWindow: () => [4, true, {}],
  eye: () => [2, 3, {}],
  fromImageData: () => [{ data: [1, 2, 3, 4], width: 1, height: 1 }, {}],
  full: () => [[2, 3], 1, {}],
  fullLike: () => [matrix(), 1, {}],
  isFloatingPoint: () => [matrix()],
  isNonzero: () => [vector(1)],
  hammingWindow: () => [4, true, 0.54, 0.46, {}],
  hannWindow: () => [4, true, {}],
  kaiserWindow: () => [4, true, 12, {}],
  linspace: () => [0, 1, 3, {}],
  logspace: () => [0, 1, 3, 10, {}],
  ones: () => [[2, 3], {}],
  onesLike: () => [matrix(), {}],
  tensor: () => [[1, 2], {}],
  trilIndices: () => [2, 3, 0, {}],
  triuIndices: () => [2, 3, 0, {}],
  unique: () => [matrix(), {}],
  uniqueConsecutive: () => [matrix(), {}],
  zeros: () => [2, 3, {}],
  zerosLike: () => [matrix(), {}],
  normal: () => [0, 1, [2, 3], { generator: generator() }],
  rand: () => [2, 3, {}],
  randint: () => [1, 5, [2, 3], {}],
  randintLike: () => [matrix(), 1, 5, {}],
  randLike: () => [matrix(), {}],
  randn: () => [[2, 3], {}],
  randnLike: () => [matrix(), {}],
  randperm: () => [4, {}],
  initialSeed: () => [],
  manualSeed: () => [1],
  init: () => [{ device: "cpu" }],
  memory: () => [],
  resetPeak: () => [],
  stats: () => [],
  sync: () => [],
  setPrintOptions: () => [{}],
  noGrad: () => [() => 1],
  enableGrad: () => [() => 1],
  setGradEnabled: () => [true, () => 1],
  detectAnomaly: () => [() => 1],
  isGradEnabled: () => [],
  tidy: () => [() => 1],
  defineKernel: () => [definition],
  gradcheck: () => [(x: Tensor) => x.square(), [vector(1).double().requiresGrad_()], {}],
  gradgradcheck: () => [(x: Tensor) => x.square(), [vector(1).double().requiresGrad_()], {}],
  profile: () => [() => 1],
  selfTest: () => [{ device: "cpu", only: ["neg"] }],
  "autograd.backward": () => [[leaf().sum()], [null], false, false, null],
  "autograd.grad": () => {
    const x = leaf();
    return [x.square().sum(), x, null, false, false, true, false];
  },
  "inspect.graphOf": () => [leaf().sum(), {}],
  "inspect.toDot": () => [leaf().sum(), {}],
  "inspect.toSvg": () => [leaf().sum(), {}],
  "data.defaultCollate": () => [[1, 2]],
  "data.randomSplit": () => [dataset(), [1, 2], generator()],
  "io.inspectSafetensors": () => [emptyFile()],
  "io.loadSafetensors": () => [emptyFile(), {}],
  "io.saveSafetensors": () => [{ x: vector(1) }, {}],
  "io.saveCheckpoint": () => [{ model: model() }, {}],
  "io.parseIdx": () => [idx()],
  "io.loadIdx": () => [idx(), {}],
  "nn.registerModuleForwardHook": () => [nothing],
  "nn.registerModuleForwardPreHook": () => [nothing],
  "nn.registerModuleFullBackwardHook": () => [nothing],
  "nn.init.calculateGain": () => ["leakyRelu", 0.1],
  "nn.init.constant_": () => [matrix(), 1],
  "nn.init.dirac_": () => [w.zeros([2, 2, 3], { device: "cpu" }), 1],
  "nn.init.eye_": () => [matrix()],
  "nn.init.fans": () => [matrix()],
  "nn.init.kaimingNormal_": () => [matrix(), 0, "fanIn", "relu", {}],
  "nn.init.kaimingUniform_": () => [matrix(), 0, "fanIn", "relu", {}],
  "nn.init.normal_": () => [matrix(), 0, 1, {}],
  "nn.init.ones_": () => [matrix()],
  "nn.init.orthogonal_": () => [matrix(), 1, {}],
  "nn.init.truncNormal_": () => [matrix(), 0, 1, -2, 2, {}],
  "nn.init.uniform_": () => [matrix(), 0, 1, {}],
  "nn.init.xavierNormal_": () => [matrix(), 1, {}],
  "nn.init.xavierUniform_": () => [matrix(), 1, {}],
  "nn.init.zeros_": () => [matrix()],
  "nn.utils.clipGradNorm_": () => [[leaf()], 1, 2],
  "nn.utils.clipGradValue_": () => [[leaf()], 1],
  ...utilityCalls,
};

/** Made when it is called, since saving takes a moment. */
export const checkpointFile = await io.saveCheckpoint({ model: model() });

/** Constructors beside those of layers and optimisers. */
const constructions: Readonly<Record<string, Args>> = {
  Generator: () => [1],
  "data.BatchSampler": () => [new data.SequentialSampler(dataset()), 2, false],
  "data.DataLoader": () => [dataset(), 2, true, {}],
  "data.RandomSampler": () => [dataset(), {}],
  "data.SequentialSampler": () => [dataset()],
  "data.Subset": () => [dataset(), [0]],
  "data.SubsetRandomSampler": () => [[0], generator()],
  "data.TensorDataset": () => [vector(1, 2)],
  "optim.CosineAnnealingLR": () => [sgd(), 4, 0],
  "optim.LambdaLR": () => [sgd(), half],
  "optim.StepLR": () => [sgd(), 2, 0.1],
};

/** Methods, under the class that has them; `on` is what they are called on. */
export const methodCalls: Readonly<Record<string, On>> = {
  "Tensor.allclose": () => ({ on: matrix(), args: [matrix(), 1e-5, 1e-8, false] }),
  "Tensor.array": () => ({ on: matrix(), args: [] }),
  "Tensor.argwhere": () => ({ on: matrix(), args: [] }),
  "Tensor.backward": () => ({ on: leaf().sum(), args: [null, false, false, null] }),
  "Tensor.bincount": () => ({ on: vector(1, 2).to("int32"), args: [null, 0] }),
  "Tensor.cpu": () => ({ on: matrix(), args: [] }),
  "Tensor.detach": () => ({ on: matrix(), args: [] }),
  "Tensor.dim": () => ({ on: matrix(), args: [] }),
  "Tensor.dispose": () => ({ on: matrix(), args: [] }),
  "Tensor.double": () => ({ on: matrix(), args: [] }),
  "Tensor.elementSize": () => ({ on: matrix(), args: [] }),
  "Tensor.equal": () => ({ on: matrix(), args: [matrix()] }),
  "Tensor.indexPut_": () => ({ on: matrix(), args: [[0], 1, false] }),
  "Tensor.isContiguous": () => ({ on: matrix(), args: [] }),
  "Tensor.isFloatingPoint": () => ({ on: matrix(), args: [] }),
  "Tensor.isNonzero": () => ({ on: vector(1), args: [] }),
  "Tensor.isSameSize": () => ({ on: matrix(), args: [matrix()] }),
  "Tensor.isSigned": () => ({ on: matrix(), args: [] }),
  "Tensor.item": () => ({ on: vector(1), args: [] }),
  "Tensor.maskedSelect": () => ({ on: vector(1, 2), args: [vector(1, 0).ne(0)] }),
  "Tensor.ndimension": () => ({ on: matrix(), args: [] }),
  "Tensor.nelement": () => ({ on: matrix(), args: [] }),
  "Tensor.newEmpty": () => ({ on: matrix(), args: [[2, 3], {}] }),
  "Tensor.newFull": () => ({ on: matrix(), args: [[2, 3], 1, {}] }),
  "Tensor.newOnes": () => ({ on: matrix(), args: [[2, 3], {}] }),
  "Tensor.newTensor": () => ({ on: matrix(), args: [[1, 2], {}] }),
  "Tensor.newZeros": () => ({ on: matrix(), args: [[2, 3], {}] }),
  "Tensor.multinomial": () => ({ on: vector(1, 2), args: [1, false, {}] }),
  "Tensor.nonzero": () => ({ on: matrix(), args: [{}] }),
  "Tensor.numel": () => ({ on: matrix(), args: [] }),
  "Tensor.registerHook": () => ({ on: leaf(), args: [nothing] }),
  "Tensor.requiresGrad_": () => ({ on: matrix(), args: [true] }),
  "Tensor.retainGrad": () => ({ on: leaf().sum(), args: [] }),
  "Tensor.size": () => ({ on: matrix(), args: [0] }),
  "Tensor.storageOffset": () => ({ on: matrix(), args: [] }),
  "Tensor.stride": () => ({ on: matrix(), args: [0] }),
  "Tensor.to": () => ({ on: matrix(), args: ["cpu", "float64", {}] }),
  "Tensor.tolist": () => ({ on: matrix(), args: [] }),
  "Tensor.toString": () => ({ on: matrix(), args: [] }),
  "Tensor.toText": () => ({ on: matrix(), args: [{}] }),
  "Tensor.type": () => ({ on: matrix(), args: ["float64"] }),
  "Tensor.typeAs": () => ({ on: matrix(), args: [matrix()] }),
  "Tensor.unique": () => ({ on: matrix(), args: [{}] }),
  "Tensor.uniqueConsecutive": () => ({ on: matrix(), args: [{}] }),
  "Tensor.zero_": () => ({ on: matrix(), args: [] }),
  "Context.setMaterializeGrads": () => ({ on: new w.autograd.Context(class {} as never, []), args: [false] }),
  "Generator.fillUniform": () => ({ on: generator(), args: [new Float32Array(2), 0, 1] }),
  "Generator.getState": () => ({ on: generator(), args: [] }),
  "Generator.manualSeed": () => ({ on: generator(), args: [2] }),
  "Generator.normal": () => ({ on: generator(), args: [] }),
  "Generator.philox": () => ({ on: generator(), args: [4] }),
  "Generator.random": () => ({ on: generator(), args: [] }),
  "Generator.random53": () => ({ on: generator(), args: [] }),
  "Generator.setState": () => ({ on: generator(), args: [generator().getState()] }),
  "Generator.unit": () => ({ on: generator(), args: [] }),
  "Optimizer.addParamGroup": () => ({ on: sgd(), args: [{ params: [leaf()] }] }),
  "Optimizer.loadStateDict": () => ({ on: sgd(), args: [sgd().stateDict()] }),
  "Optimizer.stateDict": () => ({ on: sgd(), args: [] }),
  "Optimizer.step": () => ({ on: sgd(), args: [() => 1] }),
  "Optimizer.toString": () => ({ on: sgd(), args: [] }),
  "Optimizer.zeroGrad": () => ({ on: sgd(), args: [true] }),
  "LRScheduler.getLastLr": () => ({ on: new optim.StepLR(sgd(), 2), args: [] }),
  "LRScheduler.loadStateDict": () => ({ on: new optim.StepLR(sgd(), 2), args: [new optim.StepLR(sgd(), 2).stateDict()] }),
  "LRScheduler.stateDict": () => ({ on: new optim.StepLR(sgd(), 2), args: [] }),
  "LRScheduler.step": () => ({ on: new optim.StepLR(sgd(), 2), args: [] }),
  "Subset.get": () => ({ on: new data.Subset(dataset(), [0]), args: [0] }),
  "Subset.getBatch": () => ({ on: new data.Subset(dataset(), [0]), args: [[0]] }),
  "TensorDataset.get": () => ({ on: dataset(), args: [0] }),
  "TensorDataset.getBatch": () => ({ on: dataset(), args: [[0, 1]] }),
  "AdaptiveLogSoftmaxWithLoss.logProb": () => ({ on: new nn.AdaptiveLogSoftmaxWithLoss(3, 4, [2]), args: [matrix()] }),
  "AdaptiveLogSoftmaxWithLoss.predict": () => ({ on: new nn.AdaptiveLogSoftmaxWithLoss(3, 4, [2]), args: [matrix()] }),
  "Module.apply": () => ({ on: model(), args: [nothing] }),
  "Module.buffers": () => ({ on: model(), args: [true] }),
  "Module.children": () => ({ on: model(), args: [] }),
  "Module.addModule": () => ({ on: model(), args: ["added", new nn.ReLU()] }),
  "Module.clone": () => ({ on: model(), args: [] }),
  "Module.cpu": () => ({ on: model(), args: [] }),
  "Module.double": () => ({ on: model(), args: [] }),
  "Module.eval": () => ({ on: model(), args: [] }),
  "Module.extraRepr": () => ({ on: model(), args: [] }),
  "Module.float": () => ({ on: model(), args: [] }),
  "Module.getBuffer": () => ({ on: model(), args: ["1.running_mean"] }),
  "Module.getParameter": () => ({ on: model(), args: ["0.weight"] }),
  "Module.getSubmodule": () => ({ on: model(), args: ["0"] }),
  "Module.loadStateDict": () => ({ on: model(), args: [model().stateDict(), true] }),
  "Module.modules": () => ({ on: model(), args: [] }),
  "Module.namedBuffers": () => ({ on: model(), args: ["prefix", true] }),
  "Module.namedChildren": () => ({ on: model(), args: [] }),
  "Module.namedModules": () => ({ on: model(), args: ["prefix"] }),
  "Module.namedParameters": () => ({ on: model(), args: ["prefix", true] }),
  "Module.parameters": () => ({ on: model(), args: [true] }),
  "Module.registerBuffer": () => ({ on: model(), args: ["buffer", vector(1), true] }),
  "Module.registerForwardHook": () => ({ on: model(), args: [nothing] }),
  "Module.registerForwardPreHook": () => ({ on: model(), args: [nothing] }),
  "Module.registerFullBackwardHook": () => ({ on: model(), args: [nothing] }),
  "Module.registerModule": () => ({ on: model(), args: ["added", new nn.ReLU()] }),
  "Module.registerParameter": () => ({ on: model(), args: ["parameter", new nn.Parameter(vector(1))] }),
  "Module.requiresGrad_": () => ({ on: model(), args: [true] }),
  "Module.stateDict": () => ({ on: model(), args: ["prefix."] }),
  "Module.to": () => ({ on: model(), args: ["float64"] }),
  "Module.toString": () => ({ on: model(), args: [] }),
  "Module.train": () => ({ on: model(), args: [true] }),
  "Module.zeroGrad": () => ({ on: model(), args: [true] }),
  "EmbeddingBag.fromPretrained": () => ({ on: nn.EmbeddingBag, args: [matrix(), true, null, 2, false, "mean", false, false, null] }),
  ...containerCalls,
  "Embedding.fromPretrained": () => ({ on: nn.Embedding, args: [matrix(), true, null] }),
};

/** Arguments of a constructor: those of layers.ts and above, or what layers and optimisers usually take. */
export function argumentsOf(name: string, { prototype }: { readonly prototype: object }): Args | undefined {
  if (constructions[name] || name in layers) return constructions[name] ?? layerOf(name)[0];
  if (prototype instanceof nn.Module) return () => [];
  return prototype instanceof optim.Optimizer ? () => [[leaf()], {}] : undefined;
}
