/** jax-js with everything under `jit`, its fastest mode; arrays are passed with `.ref` wherever they are used again. */
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad, vjp } from "@jax-js/jax";
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

type Tensor = np.Array;

const upload = (data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>, shape: readonly number[]): Tensor =>
  np.array(data, { shape: [...shape] });
const read = async (x: Tensor): Promise<Float32Array> => (await x.data()) as Float32Array;

/** A jitted function of fixed inputs: results stay unread until asked for, so every one is awaited. */
function operator(f: (...args: Tensor[]) => Tensor[], inputs: readonly Tensor[], names: readonly string[]): Session {
  const compiled = jit(f);
  const once = (): Tensor[] => compiled(...inputs.map((x) => x.ref));
  return {
    async run(count) {
      const pending: Tensor[] = [];
      for (let i = 0; i < count; i++) pending.push(...once());
      await blockUntilReady(pending);
      for (const x of pending) x.dispose();
    },
    async results() {
      const outputs = once();
      const entries: [string, Float32Array][] = [];
      for (const [i, name] of names.entries()) entries.push([name, await read(outputs[i] as Tensor)]);
      return Object.fromEntries(entries);
    },
    dispose() {
      for (const x of inputs) x.dispose();
      compiled.dispose();
    },
  };
}

function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const rows = logits.shape[0] as number;
  return np.sum(nn.oneHot(labels, 10).mul(nn.logSoftmax(logits, -1))).mul(-1 / rows);
}

const linear = (x: Tensor, w: Tensor, b: Tensor): Tensor => np.matmul(x, w.transpose()).add(b);

function mlpLoss(p: Tensor[], x: Tensor, y: Tensor): Tensor {
  const [w0, b0, w1, b1, w2, b2] = p as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const h = nn.relu(linear(x, w0, b0));
  return crossEntropy(linear(nn.relu(linear(h, w1, b1)), w2, b2), y);
}

function lenetLoss(p: Tensor[], x: Tensor, y: Tensor): Tensor {
  const [w0, b0, w3, b3, w7, b7, w9, b9, w11, b11] = p as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const stage = (input: Tensor, w: Tensor, b: Tensor, pad: number): Tensor => {
    const side: [number, number] = [pad, pad];
    const channels = b.shape[0] as number;
    const z = lax.convGeneralDilated(input, w, [1, 1], [side, side]).add(b.reshape([1, channels, 1, 1]));
    return lax.reduceWindow(nn.relu(z), np.max, [2, 2], [2, 2]);
  };
  const features = stage(stage(x, w0, b0, 2), w3, b3, 0).reshape([LENET.batch, 400]);
  return crossEntropy(linear(nn.relu(linear(nn.relu(linear(features, w7, b7)), w9, b9)), w11, b11), y);
}

type Loss = (p: Tensor[], x: Tensor, y: Tensor) => Tensor;
/** Optimiser state and the update that maps [parameters, state] to the next ones; both take ownership. */
type Update = (p: Tensor[], grads: Tensor[], state: Tensor[]) => { p: Tensor[]; state: Tensor[] };

function training(loss: Loss, update: Update, initial: Weight[], state0: Tensor[], all: Batch[], pixels: readonly number[]): Session {
  let p = initial.map((w) => upload(w.data, w.shape));
  let state = state0;
  let at = 0;
  const step = jit((params: Tensor[], s: Tensor[], x: Tensor, y: Tensor) => {
    const [value, grads] = valueAndGrad(loss)(
      params.map((q) => q.ref),
      x,
      y,
    );
    const next = update(params, grads as Tensor[], s);
    return [value, next.p, next.state] as [Tensor, Tensor[], Tensor[]];
  });
  const advance = (): Tensor => {
    const { x, y } = batchAt(all, at++);
    const [value, nextP, nextState] = step(p, state, upload(x, pixels), upload(y, [y.length]));
    p = nextP;
    state = nextState;
    return value;
  };
  return {
    async run(count) {
      for (let i = 0; i < count; i++) {
        const value = advance();
        // Queueing several steps is slower here and grows memory; its author's advice is to wait regularly.
        await value.blockUntilReady();
        value.dispose();
      }
      await blockUntilReady(p);
    },
    async results(): Promise<Results> {
      const losses: number[] = [];
      for (let i = 0; i < CHECKED_STEPS; i++) losses.push((await read(advance()))[0] as number);
      return { losses };
    },
    dispose() {
      for (const x of [...p, ...state]) x.dispose();
      step.dispose();
    },
  };
}

const sgd: Update = (p, grads) => ({ p: p.map((w, i) => w.sub((grads[i] as Tensor).mul(LENET.lr))), state: [] });

/** Adam; the state is all first moments, all second moments, then the powers of both decay rates. */
const adam: Update = (p, grads, state) => {
  const count = p.length;
  const power1 = (state[2 * count] as Tensor).mul(MLP.beta1);
  const power2 = (state[2 * count + 1] as Tensor).mul(MLP.beta2);
  const rate = np.array(MLP.lr).div(np.array(1).sub(power1.ref));
  const root = np.sqrt(np.array(1).sub(power2.ref));
  const m = grads.map((g, i) => (state[i] as Tensor).mul(MLP.beta1).add(g.ref.mul(1 - MLP.beta1)));
  const v = grads.map((g, i) => (state[count + i] as Tensor).mul(MLP.beta2).add(np.square(g).mul(1 - MLP.beta2)));
  const next = p.map((w, i) => {
    const scale = np
      .sqrt((v[i] as Tensor).ref)
      .div(root.ref)
      .add(MLP.eps);
    return w.sub((m[i] as Tensor).ref.mul(rate.ref).div(scale));
  });
  rate.dispose();
  root.dispose();
  return { p: next, state: [...m, ...v, power1, power2] };
};

const conv = (x: Tensor, w: Tensor): Tensor =>
  lax.convGeneralDilated(
    x,
    w,
    [1, 1],
    [
      [CONV.pad, CONV.pad],
      [CONV.pad, CONV.pad],
    ],
  );
const maxPool = (x: Tensor): Tensor => lax.reduceWindow(x, np.max, [2, 2], [2, 2]);

function chainSession(n: number): Session {
  const { x, a, b } = chainInputs(n);
  const f = (x0: Tensor, p: Tensor, q: Tensor): Tensor[] => {
    let y = x0;
    for (let r = 0; r < CHAIN_REPEATS; r++) y = np.negative(nn.relu(y.mul(p.ref).add(q.ref)).sub(q.ref));
    p.dispose();
    q.dispose();
    return [y];
  };
  return operator(f, [upload(x, [n]), upload(a, [n]), upload(b, [n])], ["y"]);
}

function matmulSession(n: number): Session {
  const { a, b } = matmulInputs(n);
  return operator((x, y) => [np.matmul(x as Tensor, y as Tensor)], [upload(a, [n, n]), upload(b, [n, n])], ["c"]);
}

const matrixSession = (data: Float32Array<ArrayBuffer>, of: (x: Tensor) => Tensor): Session =>
  operator((x) => [of(x as Tensor)], [upload(data, [MATRIX.rows, MATRIX.columns])], ["y"]);

function convSession(backward: boolean): Session {
  const { n, c, h, w, o, k } = CONV;
  const inputs = convInputs();
  const [x, kernel, g] = [upload(inputs.x, [n, c, h, w]), upload(inputs.w, [o, c, k, k]), upload(inputs.g, [n, o, h, w])];
  if (!backward) {
    g.dispose();
    return operator((i, q) => [conv(i as Tensor, q as Tensor)], [x, kernel], ["y"]);
  }
  const f = (i: Tensor, q: Tensor, up: Tensor): Tensor[] => {
    const [y, pull] = vjp(conv, [i, q]);
    const [dx, dw] = pull(up) as [Tensor, Tensor];
    return [y, dx, dw];
  };
  return operator(f as (...args: Tensor[]) => Tensor[], [x, kernel, g], ["y", "dx", "dw"]);
}

function poolSession(): Session {
  const { n, c, h, w } = POOL;
  const { x, g } = poolInputs();
  const f = (i: Tensor, up: Tensor): Tensor[] => {
    const [y, pull] = vjp(maxPool, [i]);
    return [y, (pull(up) as [Tensor])[0]];
  };
  return operator(f as (...args: Tensor[]) => Tensor[], [upload(x, [n, c, h, w]), upload(g, [n, c, h / 2, w / 2])], ["y", "dx"]);
}

function mlpSession(): Session {
  const initial = mlpWeights();
  const zeros = (): Tensor[] => initial.map((w) => np.zeros([...w.shape]));
  const state = [...zeros(), ...zeros(), np.array(1), np.array(1)];
  return training(mlpLoss, adam, initial, state, mlpBatches(), [MLP.batch, 784]);
}

/** The jax-js contestant on one of its devices. */
export function jaxContestant(device: "webgpu" | "wasm"): Contestant {
  return {
    async init() {
      const available = await init(device);
      if (!available.includes(device)) throw new Error(`jax: no ${device} device, got ${available.join(", ")}`);
      defaultDevice(device);
    },
    prepare: {
      "matmul-256": () => matmulSession(256),
      "matmul-512": () => matmulSession(512),
      "matmul-1024": () => matmulSession(1024),
      "chain-1k": () => chainSession(1024),
      "chain-4m": () => chainSession(4 * 1024 * 1024),
      "sum-all": () => matrixSession(sumInputs(), (x) => np.sum(x)),
      "sum-rows": () => matrixSession(sumInputs(), (x) => np.sum(x, 1)),
      "sum-columns": () => matrixSession(sumInputs(), (x) => np.sum(x, 0)),
      softmax: () => matrixSession(softmaxInputs(), (x) => nn.softmax(x, -1)),
      "layer-norm": () => matrixSession(softmaxInputs(), (x) => nn.standardize(x, -1)),
      sort: () => operator((x) => [np.sort(x as Tensor)], [upload(sortInputs(), [SORT.n])], ["y"]),
      topk: () => operator((x) => [(lax.topK(x as Tensor, SORT.k) as [Tensor, Tensor])[0]], [upload(sortInputs(), [SORT.n])], ["y"]),
      "conv-fwd": () => convSession(false),
      "conv-fb": () => convSession(true),
      "pool-fb": poolSession,
      mlp: mlpSession,
      lenet: () => training(lenetLoss, sgd, lenetWeights(), [], lenetBatches(), [LENET.batch, 1, 28, 28]),
    },
  };
}
