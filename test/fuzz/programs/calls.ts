// How to call operators with operands of random shapes: elementwise, reductions, products, losses.
import type { Rng } from "../random.ts";
import type { Argument, Ref } from "./program.ts";
import type { Writer } from "./writer.ts";

/** Arguments for one call; helper steps may be written on the way. */
export type Call = (w: Writer) => readonly Argument[];
export type Calls = Readonly<Record<string, Call>>;

export const each = (names: string, call: Call): Calls => Object.fromEntries(names.split(" ").map((name) => [name, call]));

const any: Call = (w) => [w.float()];
/** An operand mapped into the domain of the operator by another one. */
const after =
  (...before: readonly (readonly [string, ...number[]])[]): Call =>
  (w) => {
    let x: Ref = w.float();
    for (const [op, ...rest] of before) x = w.emit(op, [x, ...rest])[0] ?? x;
    return [x];
  };
const two: Call = (w) => {
  const x = w.float();
  const y: Argument = w.rng.chance(0.2) ? w.scalar() : w.with(x);
  return w.rng.chance(0.9) || typeof y === "number" ? [x, y] : [y, x];
};
/** The second operand away from zero. */
const divided: Call = (w) => {
  const x = w.float();
  if (w.rng.chance(0.2)) return [x, w.scalar(1, 3)];
  const y = w.emit("abs", [w.with(x)])[0]!;
  return [x, w.emit("add", [y, w.material.exact ? 1 : 0.4])[0]!];
};
const reduced: Call = (w) => {
  const x = w.float();
  return w.rng.chance(0.3) ? [x] : [x, w.rng.chance(0.5) ? w.dim(x) : w.dims(x, 1), w.rng.chance(0.4)];
};
const along: Call = (w) => {
  const x = w.float({ where: (v) => !v.shape.includes(0) });
  return [x, w.dim(x)];
};
const alongKept: Call = (w) => [...along(w), w.rng.chance(0.4)];

/** Kinks, comparisons and steps: what stays exact on whole numbers. */
export const exact: Calls = {
  ...each("abs neg relu sign floor ceil round trunc square positive clone contiguous relu6 isnan isfinite logicalNot", any),
  ...each("add sub mul maximum minimum heaviside eq ne lt le gt ge logicalAnd logicalOr logicalXor rsub", two),
  ...each("sum amax amin", reduced),
  ...each("argmax argmin cumsum", along),
  ...each("max min maxAlong minAlong", alongKept),
  ...each("all any countNonzero", (w) => {
    const x = w.float();
    return w.rng.chance(0.4) ? [x] : [x, w.dim(x)];
  }),
  ...each("clamp hardtanh", (w) => {
    const x = w.float();
    const low = w.scalar(-2, 0);
    return [x, low, low + w.rng.int(0, 3)];
  }),
  ...each("clampMin clampMax", (w) => {
    const x = w.float();
    return [x, w.rng.chance(0.5) ? w.scalar() : w.with(x)];
  }),
  leakyRelu: (w) => [w.float(), w.rng.pick([0, 1, 2, -1])],
  where: (w) => {
    const x = w.float();
    return [w.mask(w.partner(w.shapeOf(x))), x, w.rng.chance(0.2) ? w.scalar() : w.with(x)];
  },
  maskedFill: (w) => {
    const x = w.float();
    return [x, w.mask(w.partner(w.shapeOf(x))), w.scalar()];
  },
  cast: (w) => [w.float(), w.rng.pick(["int32", "bool"])],
  addcmul: (w) => {
    const x = w.float();
    return [x, w.with(x), w.with(x), { value: w.scalar() }];
  },
};

/** Smooth operators, for continuous operands. */
export const smooth: Calls = {
  ...each("sigmoid tanh silu gelu elu logsigmoid softplus sin cos atan asinh erf erfc mish selu deg2rad frac rad2deg", any),
  ...each("exp expm1 exp2 sinh cosh", after(["tanh"], ["mul", 2])),
  ...each("log sqrt rsqrt log2 log10 log1p reciprocal", after(["abs"], ["add", 0.3])),
  ...each("acos asin atanh", after(["tanh"], ["mul", 0.9])),
  acosh: after(["abs"], ["add", 1.2]),
  tan: after(["tanh"], ["mul", 1.2]),
  ...each("atan2 logaddexp", two),
  ...each("div fmod remainder floorDivide", divided),
  pow: (w) => {
    if (w.rng.chance(0.4)) return [w.float(), w.rng.pick([0, 1, 2, 3])];
    const x = w.emit("add", [w.emit("abs", [w.float()])[0]!, 0.3])[0]!;
    return [x, w.rng.chance(0.5) ? w.scalar(-2, 2) : w.emit("tanh", [w.with(x)])[0]!];
  },
  lerp: (w) => {
    const x = w.float();
    return [x, w.with(x), w.rng.chance(0.5) ? w.scalar(0, 1) : w.with(x)];
  },
  addcdiv: (w) => {
    const [x, y] = divided(w);
    return [x!, w.with(x as Ref), y!];
  },
  ...each("mean prod", (w) => {
    const x = w.float();
    return w.rng.chance(0.3) ? [x] : [x, w.dim(x), w.rng.chance(0.4)];
  }),
  logsumexp: (w) => {
    const x = w.float();
    return [x, w.rng.chance(0.5) ? w.dim(x) : w.dims(x, 1), w.rng.chance(0.4)];
  },
  ...each("var std", (w) => {
    const x = w.float();
    return [x, w.rng.chance(0.5) ? w.dim(x) : w.dims(x, 1), { correction: w.rng.int(0, 1), keepdim: w.rng.chance(0.4) }];
  }),
  vectorNorm: (w) => {
    const x = w.float();
    return [x, w.rng.pick([1, 2, 3, Infinity, -Infinity, 0]), w.dim(x), w.rng.chance(0.4)];
  },
  norm: any,
  ...each("softmax logSoftmax cumprod", along),
  layerNorm: (w) => {
    const x = w.float({ rank: [1, 4] });
    const shape = w.shapeOf(x).slice(-w.rng.int(1, 2));
    return [x, shape, w.rng.chance(0.5) ? w.float({ shape }) : null, w.rng.chance(0.5) ? w.float({ shape }) : null];
  },
  batchNorm: (w) => {
    const x = w.float({ rank: [2, 4] });
    const shape = [w.shapeOf(x)[1]!];
    const weight = w.rng.chance(0.5) ? w.float({ shape }) : null;
    if (w.rng.chance(0.6)) return [x, null, null, { training: true, weight }];
    const variance = w.leaf(shape, { grad: false, number: (rng: Rng) => 0.5 + rng.unit() });
    return [x, w.leaf(shape, { grad: false }), variance, { weight }];
  },
};

const bias = (w: Writer, n: number): Ref | null => (w.rng.chance(0.5) ? w.float({ shape: [n] }) : null);
/** A matrix operand seen through a transposition half of the time. */
const matrix = (w: Writer, shape: readonly number[]): Ref => {
  if (w.rng.chance(0.6) || shape.length < 2) return w.float({ shape });
  const x = w.float({ shape: [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] });
  return w.emit("transpose", [x, -1, -2])[0]!;
};
const sizes3 = (w: Writer): readonly [number, number, number] => [w.size(), w.size(), w.size()];

/** Products of matrices and vectors; exact on whole numbers. */
export const products: Calls = {
  mm: (w) => {
    const [m, k, n] = sizes3(w);
    return [matrix(w, [m, k]), matrix(w, [k, n])];
  },
  bmm: (w) => {
    const [m, k, n] = sizes3(w);
    const b = w.size();
    return [matrix(w, [b, m, k]), matrix(w, [b, k, n])];
  },
  ...each("matmul batchMatmul", (w) => {
    const x = w.float({ rank: [2, 4] });
    const k = w.shapeOf(x).at(-1)!;
    return [x, matrix(w, [...w.partner(w.shapeOf(x).slice(0, -2)), k, w.size()])];
  }),
  mv: (w) => {
    const x = w.float({ rank: [2, 2] });
    return [x, w.float({ shape: [w.shapeOf(x)[1]!] })];
  },
  dot: (w) => {
    const x = w.float({ rank: [1, 1] });
    return [x, w.float({ shape: w.shapeOf(x) })];
  },
  outer: (w) => [w.float({ rank: [1, 1] }), w.float({ rank: [1, 1] })],
  linear: (w) => {
    const x = w.float({ rank: [1, 4] });
    const n = w.size();
    return [x, matrix(w, [n, w.shapeOf(x).at(-1)!]), bias(w, n)];
  },
  addmm: (w) => {
    const [m, k, n] = sizes3(w);
    return [w.float({ shape: w.partner([m, n]) }), matrix(w, [m, k]), matrix(w, [k, n]), { alpha: w.scalar(), beta: w.scalar() }];
  },
};

const reduction = (w: Writer): string => w.rng.pick(["mean", "sum", "none"]);
const pair = (w: Writer): readonly [Ref, Ref] => {
  const x = w.float();
  return [x, w.float({ shape: w.shapeOf(x) })];
};
const probability = (w: Writer, x: Ref): Ref => w.emit("sigmoid", [x])[0]!;
const classes = (w: Writer): readonly [Ref, Ref, { readonly [key: string]: Argument }] => {
  const x = w.float({ rank: [2, 4], where: ({ shape }) => shape[1] !== 0 });
  const [n, c, ...rest] = w.shapeOf(x) as [number, number, ...number[]];
  const weight = w.rng.chance(0.3) ? w.leaf([c], { grad: false, number: (rng) => 0.5 + rng.unit() }) : null;
  return [x, w.integers([n, ...rest], 0, Math.max(0, c - 1)), { reduction: reduction(w), ...(weight && { weight }) }];
};

export const losses: Calls = {
  ...each("mseLoss l1Loss huberLoss smoothL1Loss", (w) => [...pair(w), { reduction: reduction(w) }]),
  binaryCrossEntropy: (w) => {
    const [x, y] = pair(w);
    return [probability(w, x), probability(w, y), { reduction: reduction(w) }];
  },
  binaryCrossEntropyWithLogits: (w) => {
    const [x, y] = pair(w);
    return [x, probability(w, y), { reduction: reduction(w) }];
  },
  klDiv: (w) => {
    const [x, y] = pair(w);
    return [x, probability(w, y), { reduction: reduction(w) }];
  },
  crossEntropy: (w) => {
    const [x, target, options] = classes(w);
    return [
      x,
      target,
      {
        ...options,
        ...(w.rng.chance(0.3) && { labelSmoothing: 0.25 }),
        ...(w.rng.chance(0.3) && { ignoreIndex: 1 }),
      },
    ];
  },
  nllLoss: classes,
};
