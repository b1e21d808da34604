/** The two training steps as plain loops: layers, their gradients and the optimisers. */
import { convBackward, convForward, convOutput, crossEntropy, gemm, poolBackward, poolForward, relu, reluBackward } from "./loops.ts";
import type { Allocate, ConvShape, Floats } from "./loops.ts";
import { LENET, MLP, lenetWeights, mlpWeights } from "./workloads.ts";
import type { Batch, Weight } from "./workloads.ts";

/** A network whose `step` trains on one mini-batch and returns the loss. */
export interface Network {
  step(batch: Batch): number;
}

/** A layer keeps what its backward needs; `backward` returns the input's gradient unless the layer is the first. */
interface Layer {
  readonly output: Floats;
  forward(x: Floats): void;
  backward(g: Floats): Floats | undefined;
}

/** One parameter with its gradient. */
interface Slot {
  readonly value: Floats;
  readonly grad: Floats;
}

function slotOf(weight: Weight, allocate: Allocate): Slot {
  const value = allocate(weight.data.length);
  value.set(weight.data);
  return { value, grad: allocate(weight.data.length) };
}

function linearLayer(batch: number, w: Slot, b: Slot, first: boolean, allocate: Allocate): Layer {
  const out = b.value.length;
  const inner = w.value.length / out;
  const output = allocate(batch * out);
  const dx = first ? undefined : allocate(batch * inner);
  let input: Floats = output;
  return {
    output,
    forward(x) {
      input = x;
      for (let i = 0; i < batch; i++) output.set(b.value, i * out);
      gemm(batch, out, inner, x, inner, 1, w.value, 1, inner, output, 1);
    },
    backward(g) {
      gemm(out, inner, batch, g, 1, out, input, inner, 1, w.grad);
      b.grad.fill(0);
      for (let i = 0; i < batch; i++) for (let j = 0; j < out; j++) b.grad[j]! += g[i * out + j]!;
      if (dx !== undefined) gemm(batch, inner, out, g, out, 1, w.value, inner, 1, dx);
      return dx;
    },
  };
}

function convLayer(shape: ConvShape, w: Slot, b: Slot, first: boolean, allocate: Allocate): Layer {
  const { oh, ow } = convOutput(shape);
  const output = allocate(shape.n * shape.o * oh * ow);
  const columns = allocate(shape.c * shape.k * shape.k * oh * ow);
  const dx = first ? undefined : allocate(shape.n * shape.c * shape.h * shape.w);
  let input: Floats = output;
  return {
    output,
    forward(x) {
      input = x;
      convForward(shape, x, w.value, b.value, output, columns);
    },
    backward(g) {
      convBackward(shape, input, w.value, g, dx, w.grad, b.grad, columns);
      return dx;
    },
  };
}

function reluLayer(count: number, allocate: Allocate): Layer {
  const output = allocate(count);
  return {
    output,
    forward(x) {
      output.set(x);
      relu(output);
    },
    backward(g) {
      reluBackward(output, g);
      return g;
    },
  };
}

function poolLayer(planes: number, side: number, allocate: Allocate): Layer {
  const count = planes * (side / 2) ** 2;
  const output = allocate(count);
  const index = new Int32Array(count);
  const dx = allocate(planes * side * side);
  return {
    output,
    forward: (x) => poolForward(planes, side, side, x, output, index),
    backward(g) {
      poolBackward(g, index, dx);
      return dx;
    },
  };
}

function network(layers: readonly Layer[], batch: number, allocate: Allocate, update: () => void): Network {
  const pixels = allocate(batch * 784);
  const g = allocate(batch * 10);
  return {
    step({ x, y }) {
      pixels.set(x);
      let value: Floats = pixels;
      for (const layer of layers) {
        layer.forward(value);
        value = layer.output;
      }
      const loss = crossEntropy(value, y, 10, g);
      let gradient: Floats | undefined = g;
      for (const layer of layers.toReversed()) if (gradient !== undefined) gradient = layer.backward(gradient);
      update();
      return loss;
    },
  };
}

function pairs(weights: readonly Weight[], allocate: Allocate): Slot[] {
  return weights.map((weight) => slotOf(weight, allocate));
}

/** The perceptron trained by Adam with PyTorch's formula. */
export function loopsMlp(allocate: Allocate): Network {
  const slots = pairs(mlpWeights(), allocate);
  const [w0, b0, w1, b1, w2, b2] = slots as [Slot, Slot, Slot, Slot, Slot, Slot];
  const moments = slots.map(({ value }) => ({ m: allocate(value.length), v: allocate(value.length) }));
  let t = 0;
  const layers = [
    linearLayer(MLP.batch, w0, b0, true, allocate),
    reluLayer(MLP.batch * 256, allocate),
    linearLayer(MLP.batch, w1, b1, false, allocate),
    reluLayer(MLP.batch * 128, allocate),
    linearLayer(MLP.batch, w2, b2, false, allocate),
  ];
  return network(layers, MLP.batch, allocate, () => {
    t++;
    const step = MLP.lr / (1 - MLP.beta1 ** t);
    const root = 1 / Math.sqrt(1 - MLP.beta2 ** t);
    slots.forEach(({ value, grad }, s) => {
      const { m, v } = moments[s]!;
      for (let i = 0; i < value.length; i++) {
        const g = grad[i]!;
        m[i] = MLP.beta1 * m[i]! + (1 - MLP.beta1) * g;
        v[i] = MLP.beta2 * v[i]! + (1 - MLP.beta2) * g * g;
        value[i]! -= (step * m[i]!) / (Math.sqrt(v[i]!) * root + MLP.eps);
      }
    });
  });
}

/** LeNet trained by plain gradient descent. */
export function loopsLenet(allocate: Allocate): Network {
  const n = LENET.batch;
  const slots = pairs(lenetWeights(), allocate);
  const [w0, b0, w3, b3, w7, b7, w9, b9, w11, b11] = slots as [Slot, Slot, Slot, Slot, Slot, Slot, Slot, Slot, Slot, Slot];
  const layers = [
    convLayer({ n, c: 1, h: 28, w: 28, o: 6, k: 5, pad: 2 }, w0, b0, true, allocate),
    reluLayer(n * 6 * 28 * 28, allocate),
    poolLayer(n * 6, 28, allocate),
    convLayer({ n, c: 6, h: 14, w: 14, o: 16, k: 5, pad: 0 }, w3, b3, false, allocate),
    reluLayer(n * 16 * 10 * 10, allocate),
    poolLayer(n * 16, 10, allocate),
    linearLayer(n, w7, b7, false, allocate),
    reluLayer(n * 120, allocate),
    linearLayer(n, w9, b9, false, allocate),
    reluLayer(n * 84, allocate),
    linearLayer(n, w11, b11, false, allocate),
  ];
  return network(layers, n, allocate, () => {
    for (const { value, grad } of slots) for (let i = 0; i < value.length; i++) value[i]! -= LENET.lr * grad[i]!;
  });
}
