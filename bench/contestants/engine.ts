/** The engine under test, written as its users write: no scopes, no manual release. */
import { autograd, init, nn, optim, sync, tensor, tidy } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
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

const F = nn.functional;

const upload = (data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>, shape: readonly number[], requiresGrad = false): Tensor =>
  tensor(data, { shape, requiresGrad });
const read = async (x: Tensor): Promise<Float32Array> => Float32Array.from((await x.array()) as ArrayLike<number>);

function operator(once: () => Record<string, Tensor>): Session {
  return {
    async run(count) {
      // As the tfjs contestant does: a loop that never awaits leaves the collector no turn.
      for (let i = 0; i < count; i++)
        tidy(() => {
          once();
        });
      await sync();
    },
    async results() {
      const entries: [string, Float32Array][] = [];
      for (const [name, value] of Object.entries(once())) entries.push([name, await read(value)]);
      return Object.fromEntries(entries);
    },
    dispose() {},
  };
}

function training(
  model: nn.Module,
  weights: readonly Weight[],
  optimizerOf: (parameters: nn.Parameter[]) => optim.Optimizer,
  all: readonly Batch[],
  pixels: readonly number[],
): Session {
  model.loadStateDict(Object.fromEntries(weights.map(({ name, shape, data }) => [name, upload(data, shape)])));
  const optimizer = optimizerOf([...model.parameters()]);
  let at = 0;
  const step = (): Tensor => {
    const { x, y } = batchAt(all, at++);
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(upload(x, pixels)), upload(y, [y.length]));
    loss.backward();
    optimizer.step();
    return loss;
  };
  return {
    async run(count) {
      for (let i = 0; i < count; i++) step();
      await sync();
    },
    async results(): Promise<Results> {
      const losses: Tensor[] = [];
      for (let i = 0; i < CHECKED_STEPS; i++) losses.push(step());
      return { losses: await Promise.all(losses.map(async (loss) => (await read(loss))[0] as number)) };
    },
    dispose() {},
  };
}

function matmulSession(n: number): Session {
  const inputs = matmulInputs(n);
  const [a, b] = [upload(inputs.a, [n, n]), upload(inputs.b, [n, n])];
  return operator(() => ({ c: a.matmul(b) }));
}

function chainSession(n: number): Session {
  const inputs = chainInputs(n);
  const [x, a, b] = [upload(inputs.x, [n]), upload(inputs.a, [n]), upload(inputs.b, [n])];
  return operator(() => {
    let y = x;
    for (let r = 0; r < CHAIN_REPEATS; r++) y = y.mul(a).add(b).relu().sub(b).neg();
    return { y };
  });
}

function matrixSession(data: Float32Array<ArrayBuffer>, of: (x: Tensor) => Tensor): Session {
  const x = upload(data, [MATRIX.rows, MATRIX.columns]);
  return operator(() => ({ y: of(x) }));
}

function sortSession(): Session {
  const x = upload(sortInputs(), [SORT.n]);
  return operator(() => ({ y: x.sort()[0] }));
}

function topkSession(): Session {
  const x = upload(sortInputs(), [SORT.n]);
  return operator(() => ({ y: x.topk(SORT.k)[0] }));
}

function convSession(backward: boolean): Session {
  const { n, c, h, w, o, k, pad } = CONV;
  const inputs = convInputs();
  const x = upload(inputs.x, [n, c, h, w], backward);
  const kernel = upload(inputs.w, [o, c, k, k], backward);
  const g = upload(inputs.g, [n, o, h, w]);
  return operator((): Record<string, Tensor> => {
    const y = F.conv2d(x, kernel, undefined, { padding: pad });
    if (!backward) return { y };
    const [dx, dw] = autograd.grad(y, [x, kernel], { gradOutputs: g }) as [Tensor, Tensor];
    return { y, dx, dw };
  });
}

function poolSession(): Session {
  const { n, c, h, w, k } = POOL;
  const inputs = poolInputs();
  const x = upload(inputs.x, [n, c, h, w], true);
  const g = upload(inputs.g, [n, c, h / k, w / k]);
  return operator(() => {
    const y = F.maxPool2d(x, k);
    const [dx] = autograd.grad(y, [x], { gradOutputs: g }) as [Tensor];
    return { y, dx };
  });
}

function mlpSession(): Session {
  const [d0, d1, d2, d3] = MLP.widths;
  const model = new nn.Sequential(new nn.Linear(d0, d1), new nn.ReLU(), new nn.Linear(d1, d2), new nn.ReLU(), new nn.Linear(d2, d3));
  return training(model, mlpWeights(), (parameters) => new optim.Adam(parameters, { lr: MLP.lr }), mlpBatches(), [MLP.batch, d0]);
}

function lenetSession(): Session {
  const model = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );
  const pixels = [LENET.batch, 1, 28, 28];
  return training(model, lenetWeights(), (parameters) => new optim.SGD(parameters, { lr: LENET.lr }), lenetBatches(), pixels);
}

/** The engine on one of its devices. */
export function engineContestant(device: "webgpu" | "cpu"): Contestant {
  return {
    async init() {
      await init({ device });
    },
    prepare: {
      "matmul-256": () => matmulSession(256),
      "matmul-512": () => matmulSession(512),
      "matmul-1024": () => matmulSession(1024),
      "chain-1k": () => chainSession(1024),
      "chain-4m": () => chainSession(4 * 1024 * 1024),
      "sum-all": () => matrixSession(sumInputs(), (x) => x.sum()),
      "sum-rows": () => matrixSession(sumInputs(), (x) => x.sum(1)),
      "sum-columns": () => matrixSession(sumInputs(), (x) => x.sum(0)),
      softmax: () => matrixSession(softmaxInputs(), (x) => x.softmax(-1)),
      "layer-norm": () => matrixSession(softmaxInputs(), (x) => F.layerNorm(x, [MATRIX.columns])),
      sort: sortSession,
      topk: topkSession,
      "conv-fwd": () => convSession(false),
      "conv-fb": () => convSession(true),
      "pool-fb": poolSession,
      mlp: mlpSession,
      lenet: lenetSession,
    },
  };
}
