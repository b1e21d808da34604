/** TensorFlow.js used by the book: channels last, `tidy`, its own losses and optimisers. */
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import * as tf from "@tensorflow/tfjs-core";
import type { Contestant, Results, Session } from "../contestant.ts";
import {
  CHAIN_REPEATS,
  CHECKED_STEPS,
  CONV,
  LENET,
  MLP,
  POOL,
  MATRIX,
  SORT,
  batchAt,
  chainInputs,
  convInputs,
  lenetBatches,
  lenetWeights,
  matmulInputs,
  mlpBatches,
  mlpWeights,
  poolInputs,
  softmaxInputs,
  sortInputs,
  sumInputs,
} from "../workloads.ts";
import type { Batch, Weight } from "../workloads.ts";

/** Waits until the device has finished; the CPU backends are finished when they return. */
export type Fence = () => Promise<void>;

const read = async (x: tf.Tensor): Promise<Float32Array> => (await x.data()) as Float32Array;
/** N H W C to the N C H W that digests use. */
const channelsFirst = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 3, 1, 2]);
/** H W I O to O I H W. */
const kernelFirst = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [3, 2, 0, 1]);
const asImages = (data: Float32Array, n: number, c: number, h: number, w: number): tf.Tensor4D =>
  tf.tidy(() => tf.transpose(tf.tensor4d(data, [n, c, h, w]), [0, 2, 3, 1]));
const asKernel = (data: Float32Array, o: number, i: number, k: number): tf.Tensor4D =>
  tf.tidy(() => tf.transpose(tf.tensor4d(data, [o, i, k, k]), [2, 3, 1, 0]));

function operator(
  fence: Fence,
  f: () => tf.Tensor[],
  inputs: readonly tf.Tensor[],
  names: readonly string[],
  canonical: readonly ((x: tf.Tensor) => tf.Tensor)[] = [],
): Session {
  return {
    async run(count) {
      for (let i = 0; i < count; i++) tf.dispose(tf.tidy(f));
      await fence();
    },
    async results() {
      const outputs = tf.tidy(() => f().map((x, i) => canonical[i]?.(x) ?? x));
      const entries: [string, Float32Array][] = [];
      for (const [i, name] of names.entries()) entries.push([name, await read(outputs[i] as tf.Tensor)]);
      tf.dispose(outputs);
      return Object.fromEntries(entries);
    },
    dispose: () => tf.dispose([...inputs]),
  };
}

type Forward = (p: tf.Variable[], x: Float32Array) => tf.Tensor2D;

function training(fence: Fence, forward: Forward, variables: tf.Variable[], optimizer: tf.Optimizer, all: readonly Batch[]): Session {
  let at = 0;
  const advance = (): tf.Scalar => {
    const { x, y } = batchAt(all, at++);
    return tf.tidy(() => {
      const labels = tf.oneHot(tf.tensor1d(y, "int32"), 10);
      const loss = (): tf.Scalar => tf.losses.softmaxCrossEntropy(labels, forward(variables, x));
      return optimizer.minimize(loss, true, variables) as tf.Scalar;
    });
  };
  return {
    async run(count) {
      for (let i = 0; i < count; i++) advance().dispose();
      await fence();
    },
    async results(): Promise<Results> {
      const losses: number[] = [];
      for (let i = 0; i < CHECKED_STEPS; i++) {
        const value = advance();
        losses.push((await read(value))[0] as number);
        value.dispose();
      }
      return { losses };
    },
    dispose() {
      tf.dispose(variables);
      optimizer.dispose();
    },
  };
}

/** Linear weights are kept [in, out] and kernels H W I O, tfjs's own layouts. */
function variable({ data, shape }: Weight): tf.Variable {
  const [o = 1, i = 1, k = 1] = shape;
  const value = tf.tidy(() => {
    if (shape.length === 4) return asKernel(data, o, i, k);
    if (shape.length === 2) return tf.transpose(tf.tensor2d(data, [o, i]));
    return tf.tensor1d(data);
  });
  return tf.variable(value);
}

const dense = (x: tf.Tensor, w: tf.Variable, b: tf.Variable): tf.Tensor2D =>
  tf.add(tf.matMul(x as tf.Tensor2D, w as unknown as tf.Tensor2D), b);

const mlpForward: Forward = (p, x) => {
  const [w0, b0, w1, b1, w2, b2] = p as [tf.Variable, tf.Variable, tf.Variable, tf.Variable, tf.Variable, tf.Variable];
  const h = tf.relu(dense(tf.tensor2d(x, [MLP.batch, 784]), w0, b0));
  return dense(tf.relu(dense(h, w1, b1)), w2, b2);
};

const lenetForward: Forward = (p, x) => {
  const stage = (input: tf.Tensor4D, at: number, pad: number): tf.Tensor4D => {
    const z = tf.add(tf.conv2d(input, p[at] as unknown as tf.Tensor4D, 1, pad), p[at + 1] as tf.Variable);
    return tf.maxPool(tf.relu(z) as tf.Tensor4D, 2, 2, "valid");
  };
  const features = stage(stage(tf.tensor4d(x, [LENET.batch, 28, 28, 1]), 0, 2), 2, 0);
  // The dense layer's rows are ordered channel first, as in the other contestants.
  const flat = tf.reshape(channelsFirst(features), [LENET.batch, 400]);
  const layer = (input: tf.Tensor, at: number): tf.Tensor2D => dense(input, p[at] as tf.Variable, p[at + 1] as tf.Variable);
  return layer(tf.relu(layer(tf.relu(layer(flat, 4)), 6)), 8);
};

function matmulSession(fence: Fence, n: number): Session {
  const inputs = matmulInputs(n);
  const [a, b] = [tf.tensor2d(inputs.a, [n, n]), tf.tensor2d(inputs.b, [n, n])];
  return operator(fence, () => [tf.matMul(a, b)], [a, b], ["c"]);
}

function chainSession(fence: Fence, n: number): Session {
  const inputs = chainInputs(n);
  const [x, a, b] = [tf.tensor1d(inputs.x), tf.tensor1d(inputs.a), tf.tensor1d(inputs.b)];
  const f = (): tf.Tensor[] => {
    let y: tf.Tensor = x;
    for (let r = 0; r < CHAIN_REPEATS; r++) y = tf.neg(tf.sub(tf.relu(tf.add(tf.mul(y, a), b)), b));
    return [y];
  };
  return operator(fence, f, [x, a, b], ["y"]);
}

function convSession(fence: Fence, backward: boolean): Session {
  const { n, c, h, w, o, k, pad } = CONV;
  const inputs = convInputs();
  const [x, q, g] = [asImages(inputs.x, n, c, h, w), asKernel(inputs.w, o, c, k), asImages(inputs.g, n, o, h, w)];
  const conv = (i: tf.Tensor4D, kernel: tf.Tensor4D): tf.Tensor4D => tf.conv2d(i, kernel, 1, pad);
  if (!backward) return operator(fence, () => [conv(x, q)], [x, q, g], ["y"], [channelsFirst]);
  const pull = tf.valueAndGrads((i, kernel) => conv(i as tf.Tensor4D, kernel as tf.Tensor4D));
  const f = (): tf.Tensor[] => {
    const { value, grads } = pull([x, q], g);
    return [value, ...grads];
  };
  return operator(fence, f, [x, q, g], ["y", "dx", "dw"], [channelsFirst, channelsFirst, kernelFirst]);
}

function poolSession(fence: Fence): Session {
  const { n, c, h, w } = POOL;
  const inputs = poolInputs();
  const [x, g] = [asImages(inputs.x, n, c, h, w), asImages(inputs.g, n, c, h / 2, w / 2)];
  const pull = tf.valueAndGrad((i) => tf.maxPool(i as tf.Tensor4D, 2, 2, "valid"));
  const f = (): tf.Tensor[] => {
    const { value, grad } = pull(x, g);
    return [value, grad];
  };
  return operator(fence, f, [x, g], ["y", "dx"], [channelsFirst, channelsFirst]);
}

function matrixSession(fence: Fence, data: Float32Array, of: (x: tf.Tensor2D) => tf.Tensor): Session {
  const x = tf.tensor2d(data, [MATRIX.rows, MATRIX.columns]);
  return operator(fence, () => [of(x)], [x], ["y"]);
}

function layerNorm(x: tf.Tensor2D): tf.Tensor {
  const { mean, variance } = tf.moments(x, 1, true);
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
}

function topkSession(fence: Fence): Session {
  const x = tf.tensor1d(sortInputs());
  return operator(fence, () => [tf.topk(x, SORT.k).values], [x], ["y"]);
}

/** The tfjs contestant on a backend that the caller has registered. */
export function tfjsContestant(backend: string, fence: Fence = async () => {}): Contestant {
  return {
    async init() {
      if (!(await tf.setBackend(backend))) throw new Error(`tfjs: the ${backend} backend did not start`);
      await tf.ready();
    },
    prepare: {
      "matmul-256": () => matmulSession(fence, 256),
      "matmul-512": () => matmulSession(fence, 512),
      "matmul-1024": () => matmulSession(fence, 1024),
      "chain-1k": () => chainSession(fence, 1024),
      "chain-4m": () => chainSession(fence, 4 * 1024 * 1024),
      "sum-all": () => matrixSession(fence, sumInputs(), (x) => tf.sum(x)),
      "sum-rows": () => matrixSession(fence, sumInputs(), (x) => tf.sum(x, 1)),
      "sum-columns": () => matrixSession(fence, sumInputs(), (x) => tf.sum(x, 0)),
      softmax: () => matrixSession(fence, softmaxInputs(), (x) => tf.softmax(x)),
      "layer-norm": () => matrixSession(fence, softmaxInputs(), layerNorm),
      topk: () => topkSession(fence),
      "conv-fwd": () => convSession(fence, false),
      "conv-fb": () => convSession(fence, true),
      "pool-fb": () => poolSession(fence),
      mlp() {
        const optimizer = tf.train.adam(MLP.lr, MLP.beta1, MLP.beta2, MLP.eps);
        return training(fence, mlpForward, mlpWeights().map(variable), optimizer, mlpBatches());
      },
      lenet: () => training(fence, lenetForward, lenetWeights().map(variable), tf.train.sgd(LENET.lr), lenetBatches()),
    },
  };
}
