// What a user does wrong, on purpose. Where TypeScript sees it, the line before says what it complains about; where it cannot, why.
import {
  autograd,
  cat,
  data,
  defineKernel,
  init,
  io,
  linspace,
  nn,
  noGrad,
  optim,
  rand,
  randint,
  stack,
  tensor,
  tidy,
  zeros,
} from "../../src/index.ts";

const F = nn.functional;
const x = tensor([[1, 2], [3, 4]], { device: "cpu" }); // prettier-ignore
const target = tensor([0, 1], { dtype: "int32", device: "cpu" });
const linear = new nn.Linear(2, 2);
const net = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU());
const dataset = new data.TensorDataset(x, target);
const sgd = new optim.SGD(net.parameters(), { lr: 0.1 });

/** By title; none of them is run. */
export const seen: Readonly<Record<string, () => unknown>> = {
  // ---- options and their values
  "an option of an operator misspelt": () =>
    // @ts-expect-error 'keepDim' does not exist
    x.sum({ keepDim: true }),
  "PyTorch's spelling of an option": () =>
    // @ts-expect-error '{ start_dim: number; }' is not assignable
    x.flatten({ start_dim: 1 }),
  "NumPy's name of an option": () =>
    // @ts-expect-error 'axis' does not exist
    x.mean({ axis: 0 }),
  "an option of another operator": () =>
    // @ts-expect-error 'beta' does not exist
    x.add(x, { beta: 2 }),
  "an option of a convolution misspelt": () =>
    // @ts-expect-error 'paddding' does not exist
    F.conv2d(x, x, { paddding: 1 }),
  "an option of a pool misspelt": () =>
    // @ts-expect-error 'strides' does not exist
    F.maxPool2d(x, 2, { strides: 1 }),
  "an option of a creation misspelt": () =>
    // @ts-expect-error 'requires_grad' does not exist
    zeros([2], { requires_grad: true }),
  "an option of a random tensor misspelt": () =>
    // @ts-expect-error 'seed' does not exist
    rand(2, 3, { seed: 1 }),
  "a reduction that is none": () =>
    // @ts-expect-error '"average"' is not assignable
    F.mseLoss(x, x, { reduction: "average" }),
  "a mode that is none": () =>
    // @ts-expect-error '"mirror"' is not assignable
    F.pad(x, [1, 1], "mirror"),
  "an approximation that is none": () =>
    // @ts-expect-error '"erf"' is not assignable
    F.gelu(x, { approximate: "erf" }),
  "a rounding mode that is none": () =>
    // @ts-expect-error '"up"' is not assignable
    x.div(2, { roundingMode: "up" }),
  "a text for a number": () =>
    // @ts-expect-error 'string' is not assignable to parameter of type 'number'
    x.softmax("1"),
  "a number for a truth value": () =>
    // @ts-expect-error '1' is not assignable to parameter of type 'boolean
    x.sum(0, 1),

  // ---- dtypes and devices
  "a dtype that is none": () =>
    // @ts-expect-error '"float23"' is not assignable
    zeros([2], { dtype: "float23" }),
  "a dtype that is none, in a conversion": () =>
    // @ts-expect-error '"complex64"' is not assignable
    x.to("complex64"),
  "a device that is none": () =>
    // @ts-expect-error '"cuda"' is not assignable
    tensor([1], { device: "cuda" }),
  "a device that is none, for a model": () =>
    // @ts-expect-error '"cuda"' is not assignable
    net.to("cuda"),
  "a device that is none, for everything": () =>
    // @ts-expect-error '"gpu"' is not assignable
    init({ device: "gpu" }),
  "an option of init that is none": () =>
    // @ts-expect-error 'backend' does not exist
    init({ backend: "webgpu" }),

  // ---- reads that are not awaited
  "a value before it is read": (): number =>
    // @ts-expect-error 'Promise<number>' is not assignable to type 'number'
    x.sum().item(),
  "arithmetic with a value before it is read": () =>
    // @ts-expect-error operator '+' cannot be applied
    x.sum().item() + 1,
  "a comparison with a value before it is read": () =>
    // @ts-expect-error operator '<' cannot be applied
    x.sum().item() < 0.1,
  "an element of an array before it is read": () =>
    // @ts-expect-error 'Promise<TypedArray>'
    x.array()[0],
  "a tensor before it has come down": () =>
    // @ts-expect-error 'Promise<Tensor>'
    x.add(x.cpu()),
  "an input of a model before it has come down": () =>
    // @ts-expect-error 'Promise<Tensor>'
    net.call(x.cpu()),
  "elements chosen by a mask before they are counted": () =>
    // @ts-expect-error 'sum' does not exist
    x.maskedSelect(x.gt(2)).sum(),
  "bytes of a file before they have come": () =>
    // @ts-expect-error 'Promise<Uint8Array<ArrayBuffer>>'
    io.loadSafetensors(io.saveSafetensors({ x })),

  // ---- tensors and what is none
  "a number for a tensor": () =>
    // @ts-expect-error 'number' is not assignable
    x.matmul(2),
  "an array for a tensor": () =>
    // @ts-expect-error 'number[]' is not assignable
    x.add([1, 2]),
  "a tensor for sizes": () =>
    // @ts-expect-error 'Tensor' is missing the following properties from type 'readonly number[]'
    x.reshape(target),
  "a tensor for dimensions": () =>
    // @ts-expect-error 'Tensor' is not assignable
    x.sum(target),
  "tensors one by one for a list": () =>
    // @ts-expect-error 'Tensor' is not assignable
    stack(x, x),
  "a text among elements": () =>
    // @ts-expect-error 'string' is not assignable
    tensor([1, "2"]),
  "tensors among elements": () =>
    // @ts-expect-error 'Tensor' is not assignable
    tensor([x, x]),
  "arithmetic by operators of the language": () =>
    // @ts-expect-error operator '+' cannot be applied
    x + x,
  "a tensor as a number": (): number =>
    // @ts-expect-error 'Tensor' is not assignable to type 'number'
    x.sum(),

  // ---- how many, and in which order
  "an argument missing": () =>
    // @ts-expect-error expected 1 arguments, but got 0
    x.matmul(),
  "an argument too many": () =>
    // @ts-expect-error expected 0 arguments, but got 1
    x.tanh(1),
  "an argument too many for a function": () =>
    // @ts-expect-error expected 3-4 arguments, but got 5
    linspace(0, 1, 5, {}, 1),
  "an option that is no position": () =>
    // @ts-expect-error '"float32"' has no properties in common
    zeros(2, 3, "float32"),
  "a size that is missing": () =>
    // @ts-expect-error 'number' is not assignable
    randint(0, 10, 5),
  "a list that is missing": () =>
    // @ts-expect-error 'Tensor' is not assignable
    cat(x, x, 1),

  // ---- names
  "an operator that is not there": () =>
    // @ts-expect-error 'times' does not exist
    x.times(x),
  "an in-place form that is not there": () =>
    // @ts-expect-error 'relu6_' does not exist
    x.relu6_(),
  "PyTorch's spelling of an operator": () =>
    // @ts-expect-error 'log_softmax' does not exist
    x.log_softmax(1),
  "a method of a model that is not there": () =>
    // @ts-expect-error 'fit' does not exist
    net.fit(x, target),
  "an operator that is not in nn.functional": () =>
    // @ts-expect-error 'matmul' does not exist
    F.matmul(x, x),
  "what operators are made of": () =>
    // @ts-expect-error 'reluBackward' does not exist
    F.reluBackward(x, x),
  "a shape that is set": () =>
    // @ts-expect-error 'shape' because it is a read-only property
    (x.shape = [4]),
  "a size that is set": () =>
    // @ts-expect-error readonly
    (x.shape[0] = 4),
  "a property of a layer that is set": () =>
    // @ts-expect-error 'inFeatures' because it is a read-only property
    (linear.inFeatures = 3),
  "a gradient that is no tensor": () =>
    // @ts-expect-error 'number' is not assignable
    (x.grad = 0),

  // ---- modules
  "an option of a layer misspelt": () =>
    // @ts-expect-error '{ bais: boolean; }' is not assignable
    new nn.Linear(2, 3, { bais: false }),
  "an option of an activation misspelt": () =>
    // @ts-expect-error '{ slope: number; }' is not assignable
    new nn.LeakyReLU({ slope: 0.1 }),
  "an option of a normalisation misspelt": () =>
    // @ts-expect-error '{ momentun: number; }' is not assignable
    new nn.BatchNorm2d(3, { momentun: 0.1 }),
  "an option of a loss misspelt": () =>
    // @ts-expect-error 'labelSmooting' does not exist
    new nn.CrossEntropyLoss({ labelSmooting: 0.1 }),
  "a reduction of a loss that is none": () =>
    // @ts-expect-error '"average"' is not assignable
    new nn.MSELoss({ reduction: "average" }),
  "a size of a layer that is missing": () =>
    // @ts-expect-error expected at least 2 arguments, but got 1
    new nn.Linear(2),
  "a number for an input": () =>
    // @ts-expect-error 'number' is not assignable
    linear.call(3),
  "a number for the input of a container": () =>
    // @ts-expect-error 'number' is not assignable
    net.call(3),
  "a list for the input of a container": () =>
    // @ts-expect-error 'Tensor[]' is missing
    new nn.Sequential(new nn.Sequential(linear), new nn.ReLU()).call([x]),
  "an input of a container too many": () =>
    // @ts-expect-error expected 1 arguments, but got 2
    net.call(x, x),
  "an output of a container as what it is not": (): Promise<number> =>
    // @ts-expect-error 'Tensor' is missing
    net.call(x),
  "a container of what is no module": () =>
    // @ts-expect-error missing the following properties from type 'Module'
    new nn.Sequential(linear, x.relu()),
  "a loss in the middle of a container": () =>
    // @ts-expect-error 'Loss<object>' is not assignable
    new nn.Sequential(linear, new nn.MSELoss(), new nn.ReLU()),
  "a pool that gives indices, too, in the middle of a container": () =>
    // @ts-expect-error 'Layer<{ inplace: boolean; }>' is not assignable to type 'never'
    new nn.Sequential(new nn.MaxPool2d(2, { returnIndices: true }), new nn.ReLU()),
  "a list of modules that is called": () =>
    // @ts-expect-error expected 0 arguments, but got 1
    new nn.ModuleList([linear]).call(x),
  "a loss without a target": () =>
    // @ts-expect-error expected 2 arguments, but got 1
    new nn.CrossEntropyLoss().call(x),
  "indices of a pool that gives none": () =>
    // @ts-expect-error can't be used to index type 'Tensor'
    new nn.MaxPool2d(2).call(x)[1],
  "an output of a pool that gives indices, too": () =>
    // @ts-expect-error 'relu' does not exist
    new nn.MaxPool2d(2, { returnIndices: true }).call(x).relu(),
  "an output size for a convolution that is not transposed": () =>
    // @ts-expect-error expected 1 arguments, but got 2
    new nn.Conv2d(1, 1, 3).call(x, [4, 4]),
  "a forward that gives what it does not say": () =>
    class extends nn.Module {
      override forward(y: typeof x): typeof x {
        // @ts-expect-error 'Promise<number>' is missing
        return y.sum().item();
      }
    },

  // ---- training
  "an option of an optimiser misspelt": () =>
    // @ts-expect-error 'learningRate' does not exist
    new optim.SGD(net.parameters(), { learningRate: 0.1 }),
  "an option of another optimiser": () =>
    // @ts-expect-error 'momentum' does not exist
    new optim.Adam(net.parameters(), { momentum: 0.9 }),
  "one tensor for a list of parameters": () =>
    // @ts-expect-error 'Tensor' is not assignable
    new optim.SGD(x),
  "a model for a list of parameters": () =>
    // @ts-expect-error 'Linear' is not assignable
    new optim.SGD(linear, { lr: 0.1 }),
  "a schedule of a model": () =>
    // @ts-expect-error is not assignable to parameter of type 'Target'
    new optim.StepLR(net, 2),
  "an option of a loader misspelt": () =>
    // @ts-expect-error 'batch_size' does not exist
    new data.DataLoader(dataset, { batch_size: 2 }),
  "a sampler without a length": () =>
    // @ts-expect-error 'length' is missing
    new data.DataLoader(dataset, { sampler: new Set([0, 1]) }),
  "a data set that gives nothing": () =>
    // @ts-expect-error is not assignable to parameter of type
    new data.DataLoader({ length: 3 }),
  "a step of what is no optimiser": () =>
    // @ts-expect-error is not assignable to type 'Optimizer<any, any>
    io.saveCheckpoint({ model: net, optimizer: net }),
  "a part of a training misspelt": () =>
    // @ts-expect-error 'optimiser' does not exist
    io.saveCheckpoint({ model: net, optimiser: sgd }),
  "gradients of nothing": () =>
    // @ts-expect-error expected at least 2 arguments, but got 1
    autograd.grad(x.sum()),
  "a gradient for what is no input": () =>
    defineKernel({
      name: "twice",
      inputs: ["x"],
      wgsl: "",
      cpu: () => undefined,
      // @ts-expect-error is not assignable to type 'Backward<"x", never, object>'
      backward: (g) => ({ y: () => g.mul(2) }),
    }),
};

/** By title: why TypeScript cannot see it, and the call, which throws. */
export const unseen: Readonly<Record<string, readonly [why: string, call: () => unknown]>> = {
  "sizes that do not fit": ["shapes are no types", () => x.matmul(zeros([3, 2], { device: "cpu" }))],
  "layers that do not fit": ["sizes are no types", () => new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(4, 1)).call(x)],
  "a dimension that is not there": ["the number of dimensions is no type", () => x.sum(2)],
  "floats as class indices": ["dtypes are no types", () => F.crossEntropy(x, tensor([0, 1], { device: "cpu" }))],
  "a negative rate": ["a number has no sign in its type", () => new optim.SGD([x], { lr: -1 })],
  "a probability above 1": ["a number has no range in its type", () => new nn.Dropout(1.5)],
  "an index behind the end": ["a number has no range in its type", () => x.select(0, 2)],
  "a tensor for a parameter": ["a parameter differs from a tensor by its class alone", () => linear.registerParameter("scale", x)],
  "a gradient of what has none": ["whether a tensor requires a gradient changes", () => x.sum().backward()],
  "an asynchronous function in a mode": ["a promise is a result like any other", () => noGrad(async () => x.sum().item())],
  "an asynchronous function in tidy": ["a promise is a result like any other", () => tidy(async () => x.sum().item())],
  "a tensor that was released": ["types do not end", () => tidyLater().add(1)],
  "a text for a number, by way of any": ["any is everything", () => x.softmax(JSON.parse('"1"') as never)],
};

function tidyLater(): typeof x {
  const y = x.add(1);
  y.dispose();
  return y;
}
