/** The shapes, seeds and costs every contestant shares; nothing here knows a library. */

export const WORKLOADS = [
  "matmul-256",
  "matmul-512",
  "matmul-1024",
  "chain-1k",
  "chain-4m",
  "sum-all",
  "sum-rows",
  "sum-columns",
  "softmax",
  "layer-norm",
  "sort",
  "topk",
  "conv-fwd",
  "conv-fb",
  "pool-fb",
  "mlp",
  "lenet",
] as const;

/** Name of one measured task. */
export type WorkloadId = (typeof WORKLOADS)[number];

/** What a workload costs at least, whoever computes it. */
export interface WorkloadInfo {
  readonly title: string;
  /** Arithmetic of one iteration. */
  readonly flops: number;
  /** Bytes that must be read and written once per iteration even when everything is fused. */
  readonly bytes: number;
  /** Bytes of the results of one iteration; bounds how many may be pending at once. */
  readonly resultBytes: number;
  /** Training steps carry state from one iteration to the next and are checked by their losses. */
  readonly training: boolean;
  /** Largest difference from the float64 reference that still counts as agreement. */
  readonly tolerance: number;
}

export const CONV = { n: 8, c: 32, o: 64, h: 28, w: 28, k: 3, pad: 1 } as const;
export const POOL = { n: 8, c: 32, h: 56, w: 56, k: 2 } as const;
/** The matrix of softmax, layer norm and sums. */
export const MATRIX = { rows: 4096, columns: 1024 } as const;
/** Numbers to put in order, and how many of the largest. */
export const SORT = { n: 1 << 20, k: 10 } as const;
/** Layer widths, batch and step size of the perceptron. */
export const MLP = { widths: [784, 256, 128, 10], batch: 128, lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;
export const LENET = { batch: 64, lr: 0.05 } as const;
/** Distinct mini-batches that the training loops cycle through. */
export const BATCHES = 4;
/** Steps whose losses are compared before a training time counts. */
export const CHECKED_STEPS = 5;
/** Repetitions of the five operators of the chain: x·a, +b, relu, −b, negate. */
export const CHAIN_REPEATS = 4;

const matmulInfo = (n: number): WorkloadInfo => ({
  title: `matmul ${n}³`,
  flops: 2 * n ** 3,
  bytes: 12 * n * n,
  resultBytes: 4 * n * n,
  training: false,
  tolerance: 2e-5,
});
const chainInfo = (n: number, label: string): WorkloadInfo => ({
  title: `20 small operators, ${label} floats`,
  flops: 20 * n,
  bytes: 16 * n,
  resultBytes: 4 * n,
  training: false,
  tolerance: 1e-5,
});
const MATRIX_SIZE = MATRIX.rows * MATRIX.columns;
const sumInfo = (over: string, results: number): WorkloadInfo => ({
  title: `sum of ${MATRIX.rows}×${MATRIX.columns} over ${over}`,
  flops: MATRIX_SIZE,
  bytes: 4 * (MATRIX_SIZE + results),
  resultBytes: 4 * results,
  training: false,
  tolerance: 2e-6,
});
const rowsInfo = (name: string, flops: number, tolerance: number): WorkloadInfo => ({
  title: `${name} ${MATRIX.rows}×${MATRIX.columns}`,
  flops: flops * MATRIX_SIZE,
  bytes: 8 * MATRIX_SIZE,
  resultBytes: 4 * MATRIX_SIZE,
  training: false,
  tolerance,
});
const convFlops = 2 * CONV.n * CONV.o * CONV.c * CONV.k * CONV.k * CONV.h * CONV.w;
const convFloats = CONV.n * CONV.h * CONV.w * (CONV.c + CONV.o) + CONV.o * CONV.c * CONV.k * CONV.k;
const poolFloats = POOL.n * POOL.c * POOL.h * POOL.w;
const mlpProducts = 784 * 256 + 256 * 128 + 128 * 10;
// The first layer of either network needs no input gradient, so it costs two products, not three.
const mlpFlops = 2 * MLP.batch * (3 * mlpProducts - 784 * 256);
const lenetFirst = 6 * 25 * 28 * 28;
const lenetRest = 16 * 6 * 25 * 10 * 10 + 400 * 120 + 120 * 84 + 84 * 10;
const lenetFlops = 2 * LENET.batch * (2 * lenetFirst + 3 * lenetRest);

export const INFO: Record<WorkloadId, WorkloadInfo> = {
  "matmul-256": matmulInfo(256),
  "matmul-512": matmulInfo(512),
  "matmul-1024": matmulInfo(1024),
  "chain-1k": chainInfo(1024, "1 k"),
  "chain-4m": chainInfo(4 * 1024 * 1024, "4 M"),
  "sum-all": sumInfo("all", 1),
  "sum-rows": sumInfo("each row", MATRIX.rows),
  "sum-columns": sumInfo("each column", MATRIX.columns),
  softmax: rowsInfo("softmax", 5, 1e-5),
  "layer-norm": rowsInfo("layer norm", 7, 1e-5),
  sort: {
    title: "sort 1 M floats",
    flops: SORT.n * Math.log2(SORT.n),
    bytes: 8 * SORT.n,
    resultBytes: 16 * SORT.n,
    training: false,
    tolerance: 0,
  },
  topk: { title: "the largest 10 of 1 M floats", flops: SORT.n, bytes: 4 * SORT.n, resultBytes: 1e6, training: false, tolerance: 0 },
  "conv-fwd": { title: "conv 3×3 forward", flops: convFlops, bytes: 4 * convFloats, resultBytes: 2e6, training: false, tolerance: 2e-5 },
  "conv-fb": {
    title: "conv 3×3 forward + backward",
    flops: 3 * convFlops,
    bytes: 12 * convFloats,
    resultBytes: 3e6,
    training: false,
    tolerance: 2e-5,
  },
  "pool-fb": {
    title: "max-pool 2×2 forward + backward",
    flops: poolFloats,
    bytes: 4 * 2.5 * poolFloats,
    resultBytes: 5 * poolFloats,
    training: false,
    tolerance: 1e-6,
  },
  mlp: {
    title: "MLP 784-256-128-10, Adam, batch 128",
    flops: mlpFlops,
    bytes: 4 * (7 * mlpProducts + MLP.batch * 784),
    resultBytes: 4e6,
    training: true,
    tolerance: 2e-5,
  },
  lenet: {
    title: "LeNet, SGD, batch 64",
    flops: lenetFlops,
    bytes: 4 * LENET.batch * (784 + 2 * 4704 * 2 + 2 * 1600 * 2),
    resultBytes: 4e6,
    training: true,
    tolerance: 2e-5,
  },
};

/** Uniform numbers in [0, 1) from a 32-bit seed, the same in every engine. */
export function uniformSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `count` float32 values, uniform in [low, high). */
export function uniform(count: number, seed: number, low = -1, high = 1): Float32Array<ArrayBuffer> {
  const next = uniformSource(seed);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = low + (high - low) * next();
  return out;
}

/** Operands of a square matrix product. */
export const matmulInputs = (n: number) => ({ a: uniform(n * n, 11), b: uniform(n * n, 12) });
/** Start value and the two operands of the elementwise chain. */
export const chainInputs = (n: number) => ({ x: uniform(n, 21), a: uniform(n, 22, 0.5, 1.5), b: uniform(n, 23) });
/** Logits of the softmax, rows of the norm. */
export const softmaxInputs = () => uniform(MATRIX_SIZE, 31, -4, 4);
/** Terms of one sign, so that sums do not cancel. */
export const sumInputs = () => uniform(MATRIX_SIZE, 33, 0, 1);
/** Numbers in no order. */
export const sortInputs = () => uniform(SORT.n, 35);
/** Image, kernel and upstream gradient of the convolution, in N C H W and O C K K. */
export const convInputs = () => ({
  x: uniform(CONV.n * CONV.c * CONV.h * CONV.w, 41),
  w: uniform(CONV.o * CONV.c * CONV.k * CONV.k, 42),
  g: uniform(CONV.n * CONV.o * CONV.h * CONV.w, 43),
});
/** Image and upstream gradient of the pooling, in N C H W. */
export const poolInputs = () => ({ x: uniform(poolFloats, 51), g: uniform(poolFloats / 4, 52) });

/** One mini-batch: pixels in [0, 1) and class labels. */
export interface Batch {
  readonly x: Float32Array<ArrayBuffer>;
  readonly y: Int32Array<ArrayBuffer>;
}

/** Mini-batches of `size` 784-pixel images; each class brightens its own tenth of the picture, so the loss can fall. */
export function batches(size: number, seed: number): Batch[] {
  const next = uniformSource(seed);
  return Array.from({ length: BATCHES }, () => {
    const y = Int32Array.from({ length: size }, () => Math.floor(next() * 10));
    const x = new Float32Array(size * 784);
    for (let i = 0; i < x.length; i++) {
      const bright = Math.floor((i % 784) / 78.4) === y[Math.floor(i / 784)];
      x[i] = next() * (bright ? 1 : 0.5);
    }
    return { x, y };
  });
}

/** A named parameter with PyTorch's layout: Linear [out, in], Conv2d [out, in, k, k]. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

function weights(layers: readonly (readonly [name: string, shape: readonly number[]])[], seed: number): Weight[] {
  return layers.flatMap(([name, shape], i) => {
    const fanIn = shape.slice(1).reduce((p, s) => p * s, 1);
    const bound = 1 / Math.sqrt(fanIn);
    const count = fanIn * (shape[0] ?? 1);
    return [
      { name: `${name}.weight`, shape, data: uniform(count, seed + 2 * i, -bound, bound) },
      { name: `${name}.bias`, shape: shape.slice(0, 1), data: uniform(shape[0] ?? 1, seed + 2 * i + 1, -bound, bound) },
    ];
  });
}

/** Initial weights of the perceptron, layer by layer, weight before bias. */
export const mlpWeights = (): Weight[] =>
  weights(
    [
      ["0", [256, 784]],
      ["2", [128, 256]],
      ["4", [10, 128]],
    ],
    61,
  );
/** Initial weights of LeNet, layer by layer, weight before bias. */
export const lenetWeights = (): Weight[] =>
  weights(
    [
      ["0", [6, 1, 5, 5]],
      ["3", [16, 6, 5, 5]],
      ["7", [120, 400]],
      ["9", [84, 120]],
      ["11", [10, 84]],
    ],
    71,
  );
/** Mini-batches of the perceptron. */
export const mlpBatches = (): Batch[] => batches(MLP.batch, 81);
/** Mini-batches of LeNet. */
export const lenetBatches = (): Batch[] => batches(LENET.batch, 91);

/** The mini-batch of training step `i`. */
export function batchAt(all: readonly Batch[], i: number): Batch {
  const batch = all[i % all.length];
  if (batch === undefined) throw new RangeError(`batch: none at step ${i}`);
  return batch;
}
