/** Every workload as plain loops, in the precision asked for. */
import type { Session } from "./contestant.ts";
import {
  chain,
  convBackward,
  convForward,
  gemm,
  largest,
  normRows,
  poolBackward,
  poolForward,
  softmaxRows,
  sumInto,
  sumRows,
} from "./loops.ts";
import type { Allocate, Floats } from "./loops.ts";
import { loopsLenet, loopsMlp } from "./loops-networks.ts";
import type { Network } from "./loops-networks.ts";
import {
  CHAIN_REPEATS,
  CHECKED_STEPS,
  CONV,
  POOL,
  MATRIX,
  SORT,
  batchAt,
  chainInputs,
  convInputs,
  lenetBatches,
  matmulInputs,
  mlpBatches,
  poolInputs,
  softmaxInputs,
  sortInputs,
  sumInputs,
} from "./workloads.ts";
import type { Batch, WorkloadId } from "./workloads.ts";

function operator(once: () => void, results: () => Record<string, Floats>): Session {
  return {
    async run(count) {
      for (let i = 0; i < count; i++) once();
    },
    async results() {
      once();
      return Object.fromEntries(Object.entries(results()).map(([name, values]) => [name, Array.from(values)]));
    },
    dispose() {},
  };
}

function training(network: Network, all: readonly Batch[]): Session {
  let step = 0;
  return {
    async run(count) {
      for (let i = 0; i < count; i++) network.step(batchAt(all, step++));
    },
    async results() {
      return { losses: Array.from({ length: CHECKED_STEPS }, () => network.step(batchAt(all, step++))) };
    },
    dispose() {},
  };
}

/** Makes the sessions of all workloads; `allocate` fixes the precision. */
export function loopsSessions(allocate: Allocate): Record<WorkloadId, () => Session> {
  const copy = (values: Float32Array): Floats => {
    const out = allocate(values.length);
    out.set(values);
    return out;
  };
  const matmul = (n: number) => () => {
    const inputs = matmulInputs(n);
    const a = copy(inputs.a);
    const b = copy(inputs.b);
    const c = allocate(n * n);
    return operator(
      () => gemm(n, n, n, a, n, 1, b, n, 1, c),
      () => ({ c }),
    );
  };
  const chained = (n: number) => () => {
    const inputs = chainInputs(n);
    const [x, a, b, y] = [copy(inputs.x), copy(inputs.a), copy(inputs.b), allocate(n)];
    return operator(
      () => chain(x, a, b, CHAIN_REPEATS, y),
      () => ({ y }),
    );
  };
  const ofMatrix = (inputs: () => Float32Array, results: number, compute: (x: Floats, y: Floats) => void) => () => {
    const [x, y] = [copy(inputs()), allocate(results)];
    return operator(
      () => compute(x, y),
      () => ({ y }),
    );
  };
  const convolution = (backward: boolean) => () => {
    const inputs = convInputs();
    const [x, w, g] = [copy(inputs.x), copy(inputs.w), copy(inputs.g)];
    const [y, dx, dw] = [allocate(g.length), allocate(x.length), allocate(w.length)];
    const columns = allocate(CONV.c * CONV.k * CONV.k * CONV.h * CONV.w);
    return operator(
      () => {
        convForward(CONV, x, w, undefined, y, columns);
        if (backward) convBackward(CONV, x, w, g, dx, dw, undefined, columns);
      },
      (): Record<string, Floats> => (backward ? { y, dx, dw } : { y }),
    );
  };
  return {
    "matmul-256": matmul(256),
    "matmul-512": matmul(512),
    "matmul-1024": matmul(1024),
    "chain-1k": chained(1024),
    "chain-4m": chained(4 * 1024 * 1024),
    "sum-all": ofMatrix(sumInputs, 1, sumInto),
    "sum-rows": ofMatrix(sumInputs, MATRIX.rows, (x, y) => sumRows(x, y, MATRIX.columns)),
    "sum-columns": ofMatrix(sumInputs, MATRIX.columns, sumInto),
    softmax: ofMatrix(softmaxInputs, MATRIX.rows * MATRIX.columns, (x, y) => softmaxRows(x, y, MATRIX.rows, MATRIX.columns)),
    "layer-norm": ofMatrix(softmaxInputs, MATRIX.rows * MATRIX.columns, (x, y) => normRows(x, y, MATRIX.columns)),
    sort() {
      const x = copy(sortInputs());
      const y = allocate(x.length);
      return operator(
        () => (y.set(x), y.sort()),
        () => ({ y }),
      );
    },
    topk() {
      const x = copy(sortInputs());
      const y = allocate(SORT.k);
      return operator(
        () => largest(x, y),
        () => ({ y }),
      );
    },
    "conv-fwd": convolution(false),
    "conv-fb": convolution(true),
    "pool-fb"() {
      const inputs = poolInputs();
      const [x, g] = [copy(inputs.x), copy(inputs.g)];
      const [y, dx] = [allocate(g.length), allocate(x.length)];
      const index = new Int32Array(g.length);
      return operator(
        () => {
          poolForward(POOL.n * POOL.c, POOL.h, POOL.w, x, y, index);
          poolBackward(g, index, dx);
        },
        () => ({ y, dx }),
      );
    },
    mlp: () => training(loopsMlp(allocate), mlpBatches()),
    lenet: () => training(loopsLenet(allocate), lenetBatches()),
  };
}
