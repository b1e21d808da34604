// How to call operators with operands of random shapes: views, arrangement, indexing, convolutions and pools.
import { type Call, type Calls, each } from "./calls.ts";
import type { Argument, Ref } from "./program.ts";
import type { Writer } from "./writer.ts";

/** Sizes with the same product, at most four of them. */
export function regrouped(w: Writer, total: number): number[] {
  const out: number[] = [];
  let rest = total;
  while (out.length < 3 && rest > 1 && w.rng.chance(0.7)) {
    const divisors = [1, 2, 3, 4, 5, 6].filter((d) => rest % d === 0);
    const d = w.rng.pick(divisors);
    out.push(d);
    rest /= d;
  }
  return w.rng.shuffled([...out, rest]);
}
const shaped: Call = (w) => {
  const x = w.float();
  const size = w.of(x).numel();
  const shape = size === 0 ? w.rng.shuffled([...w.shapeOf(x)]) : regrouped(w, size);
  if (size > 0 && w.rng.chance(0.3)) shape[w.rng.int(0, shape.length - 1)] = -1;
  return [x, shape];
};
const twoDims: Call = (w) => {
  const x = w.float();
  return [x, w.dim(x), w.dim(x)];
};
const cutAt = (w: Writer, size: number): readonly [number, number] => {
  const start = w.rng.int(0, size);
  return [start, w.rng.int(start, size)];
};
const list = (w: Writer): Ref[] => {
  const x = w.float();
  return Array.from({ length: w.rng.int(1, 3) }, (_, i) => (i === 0 ? x : w.float({ shape: w.shapeOf(x) })));
};

export const views: Calls = {
  ...each("expand broadcastTo", (w) => {
    const x = w.float({ rank: [0, 3] });
    const shape = w.shapeOf(x).map((d) => (d === 1 && w.rng.chance(0.8) ? w.size() : w.rng.chance(0.3) ? -1 : d));
    if (w.rng.chance(0.3)) shape.unshift(w.size());
    return [x, shape.map((d, i) => (d === -1 && i < shape.length - w.of(x).ndim ? 1 : d))];
  }),
  permute: (w) => {
    const x = w.float();
    return [x, w.rng.shuffled(w.shapeOf(x).map((_, i) => i))];
  },
  ...each("transpose swapaxes movedim", twoDims),
  ...each("reshape view", shaped),
  flatten: (w) => {
    const x = w.float();
    const start = w.rng.int(0, Math.max(0, w.of(x).ndim - 1));
    return [x, { startDim: start, endDim: w.rng.int(start, Math.max(start, w.of(x).ndim - 1)) }];
  },
  squeeze: (w) => {
    const x = w.float();
    return w.rng.chance(0.5) ? [x] : [x, w.dim(x)];
  },
  unsqueeze: (w) => {
    const x = w.float({ rank: [0, 3] });
    return [x, w.rng.int(-w.of(x).ndim - 1, w.of(x).ndim)];
  },
  select: (w) => {
    const x = w.float({ rank: [1, 9], where: ({ shape }) => !shape.includes(0) });
    const dim = w.rng.int(0, w.of(x).ndim - 1);
    const size = w.shapeOf(x)[dim]!;
    return [x, dim, w.rng.int(-size, size - 1)];
  },
  slice: (w) => {
    const x = w.float({ rank: [1, 9] });
    const dim = w.rng.int(0, w.of(x).ndim - 1);
    const [start, end] = cutAt(w, w.shapeOf(x)[dim]!);
    return [x, dim, w.rng.chance(0.2) ? null : start, w.rng.chance(0.3) ? null : end, w.rng.int(1, 3)];
  },
  narrow: (w) => {
    const x = w.float({ rank: [1, 9] });
    const dim = w.rng.int(0, w.of(x).ndim - 1);
    const [start, end] = cutAt(w, w.shapeOf(x)[dim]!);
    return [x, dim, start, end - start];
  },
  ...each("split chunk", (w) => {
    const x = w.float({ rank: [1, 9] });
    return [x, w.rng.int(1, 3), w.dim(x)];
  }),
  unbind: (w) => {
    const x = w.float({ rank: [1, 9], where: ({ shape }) => Math.max(...shape) <= 4 });
    return [x, w.dim(x)];
  },
  ...each("t", (w) => [w.float({ rank: [0, 2] })]),
  mT: (w) => [w.float({ rank: [2, 9] })],
  diagonal: (w) => [w.float({ rank: [2, 3] }), w.rng.int(-1, 1)],
  asStrided: (w) => {
    const x = w.float({ rank: [1, 2], where: (v) => v.whole && v.numel() >= 6 });
    return w.of(x).numel() >= 6 ? [x, ...w.rng.pick([[[2, 2], [1, 2], 1], [[3], [2], 0], [[2, 3], [3, 1], 0], [[3, 2], [1, 1]]])] : [x, [1], [1]]; // prettier-ignore
  },
  index: (w) => {
    const x = w.float({ rank: [1, 9], where: ({ shape }) => !shape.includes(0) });
    return [x, w.shapeOf(x).map((d): Argument => w.rng.pick<Argument>([":", w.rng.int(-d, d - 1), { start: 0, step: w.rng.int(1, 2) }]))];
  },
};

export const arrangement: Calls = {
  flip: (w) => {
    const x = w.float();
    return [x, w.dims(x)];
  },
  roll: (w) => {
    const x = w.float({ rank: [1, 4] });
    return [x, w.rng.int(-4, 4), w.rng.chance(0.5) ? w.dim(x) : undefined];
  },
  ...each("repeat tile", (w) => {
    const x = w.float({ rank: [0, 3], where: (t) => t.numel() <= 60 });
    return [x, w.shapeOf(x).map(() => w.rng.int(1, 2))];
  }),
  ...each("tril triu", (w) => [w.float({ rank: [2, 3] }), w.rng.int(-2, 2)]),
  cat: (w) => {
    const all = list(w);
    return [all, w.of(all[0]!).ndim === 0 ? 0 : w.dim(all[0]!)];
  },
  stack: (w) => [list(w), 0],
  ...each("hstack vstack", (w) => [list(w)]),
  pad: (w) => {
    const x = w.float({ rank: [1, 3] });
    return [x, Array.from({ length: 2 * w.rng.int(1, w.of(x).ndim) }, () => w.rng.int(-1, 2)), { value: w.scalar() }];
  },
  repeatInterleave: (w) => {
    const x = w.float({ where: (t) => t.numel() <= 60 });
    return w.rng.chance(0.3) ? [x, 2] : [x, w.rng.int(1, 2), { dim: w.dim(x) }];
  },
  diag: (w) => [w.float({ rank: [1, 2] }), w.rng.int(-1, 1)],
  diagEmbed: (w) => [w.float({ rank: [1, 2] })],
};

const indexed = (w: Writer): readonly [Ref, number, number] => {
  const x = w.float({ rank: [1, 3], where: ({ shape }) => !shape.includes(0) });
  const dim = w.rng.int(0, w.of(x).ndim - 1);
  return [x, dim, w.shapeOf(x)[dim]!];
};
const withSize = (shape: readonly number[], dim: number, size: number): number[] => shape.map((d, i) => (i === dim ? size : d));
/** Index and source for a write along a dimension, as scatter takes them. */
const scattered: Call = (w) => {
  const [x, dim, size] = indexed(w);
  const shape = w.shapeOf(x).map((d, i) => (i === dim ? w.rng.int(1, 4) : w.rng.int(1, Math.max(1, d))));
  return [x, dim, w.integers(shape, 0, size - 1), w.float({ shape })];
};
/** Index and slices for a write along a dimension, as indexAdd takes them. */
const sliced: Call = (w) => {
  const [x, dim, size] = indexed(w);
  const n = w.rng.int(1, 4);
  return [x, dim, w.integers([n], 0, size - 1), w.float({ shape: withSize(w.shapeOf(x), dim, n) })];
};

export const indexing: Calls = {
  gather: (w) => scattered(w).slice(0, 3),
  ...each("scatter scatterAdd", scattered),
  ...each("indexAdd indexCopy", sliced),
  indexSelect: (w) => {
    const [x, dim, size] = indexed(w);
    return [x, dim, w.integers([w.rng.int(0, 4)], 0, size - 1)];
  },
  indexFill: (w) => {
    const [x, dim, size] = indexed(w);
    return [x, dim, w.integers([w.rng.int(1, 3)], 0, size - 1), w.scalar()];
  },
  index: (w) => {
    const [x] = indexed(w);
    const shape = w.shapeOf(x);
    // How many a mask selects is known of uploaded masks only.
    if (w.rng.chance(0.3)) return [x, [w.integers([shape[0]!], 0, 1, "bool")]];
    const at = w.rng.int(0, shape.length - 1);
    return [x, shape.slice(0, at + 1).map((d, i): Argument => (i === at || w.rng.chance(0.3) ? w.integers([2], -d, d - 1) : ":"))];
  },
  indexPut: (w) => {
    const [x, , size] = indexed(w);
    return [x, [w.integers([w.rng.int(1, 3)], -w.shapeOf(x)[0]!, w.shapeOf(x)[0]! - 1)], size === 1 ? w.float({ shape: [] }) : w.scalar(), w.rng.chance(0.5)]; // prettier-ignore
  },
  put: (w) => {
    const [x] = indexed(w);
    const n = w.rng.int(1, 4);
    return [x, w.integers([n], 0, w.of(x).numel() - 1), w.float({ shape: [n] }), w.rng.chance(0.5)];
  },
  take: (w) => {
    const [x] = indexed(w);
    return [x, w.integers(w.shape(0, 2), 0, w.of(x).numel() - 1)];
  },
  takeAlongDim: (w) => {
    const [x, dim, size] = indexed(w);
    return [x, w.integers(withSize(w.shapeOf(x), dim, w.rng.int(1, 3)), 0, size - 1), dim];
  },
  embedding: (w) => {
    const x = w.float({ rank: [2, 2], where: ({ shape }) => !shape.includes(0) });
    return [w.integers(w.shape(0, 2), 0, Math.max(0, w.shapeOf(x)[0]! - 1)), x];
  },
};

/** Spatial sizes, a window of the same rank and how it moves. */
const moving = (w: Writer, rank: number): readonly [number[], number[], Record<string, Argument>] => {
  const window = Array.from({ length: rank }, () => w.rng.int(1, 3));
  const dilation = w.rng.chance(0.25) ? 2 : 1;
  const space = window.map((k) => dilation * (k - 1) + 1 + w.rng.int(0, 3));
  return [space, window, { stride: w.rng.int(1, 2), dilation }];
};
const perRank = (stem: string, call: (w: Writer, rank: number) => readonly Argument[]): Calls =>
  Object.fromEntries([1, 2, 3].map((rank) => [`${stem}${rank}d`, (w: Writer) => call(w, rank)]));
const padding = (w: Writer, window: readonly number[]): number => (Math.min(...window) >= 2 ? w.rng.int(0, 1) : 0);

const pooled = (w: Writer, rank: number): readonly Argument[] => {
  const [space, window, { stride, dilation }] = moving(w, rank);
  const x = w.float({ shape: [w.rng.int(1, 2), w.rng.int(1, 2), ...space] });
  return [x, window, { stride: stride!, dilation: dilation!, padding: padding(w, window), ceilMode: w.rng.chance(0.3), returnIndices: w.rng.chance(0.3) }]; // prettier-ignore
};

export const windows: Calls = {
  ...perRank("conv", (w, rank) => {
    const [space, window, options] = moving(w, rank);
    const groups = w.rng.int(1, 2);
    const [c, o] = [groups * w.rng.int(1, 2), groups * w.rng.int(1, 2)];
    const x = w.float({ shape: [...(w.rng.chance(0.8) ? [w.rng.int(1, 2)] : []), c, ...space] });
    const b = w.rng.chance(0.5) ? w.float({ shape: [o] }) : null;
    return [x, w.float({ shape: [o, c / groups, ...window] }), b, { ...options, groups, padding: w.rng.int(0, 2) }];
  }),
  ...perRank("convTranspose", (w, rank) => {
    const [space, window, options] = moving(w, rank);
    const groups = w.rng.int(1, 2);
    const [c, o] = [groups * w.rng.int(1, 2), w.rng.int(1, 2)];
    const x = w.float({ shape: [w.rng.int(1, 2), c, ...space] });
    return [x, w.float({ shape: [c, o, ...window] }), null, { ...options, groups, padding: w.rng.int(0, 1) }];
  }),
  ...perRank("maxPool", pooled),
  ...perRank("avgPool", (w, rank) => {
    const [space, window, { stride }] = moving(w, rank);
    const x = w.float({ shape: [w.rng.int(1, 2), w.rng.int(1, 2), ...space] });
    return [x, window, { stride: stride!, padding: padding(w, window), ceilMode: w.rng.chance(0.3), countIncludePad: w.rng.chance(0.5) }]; // prettier-ignore
  }),
  ...perRank("adaptiveAvgPool", (w, rank) => {
    const [space] = moving(w, rank);
    return [w.float({ shape: [w.rng.int(1, 2), w.rng.int(1, 2), ...space] }), space.map((d) => w.rng.int(1, d))];
  }),
  im2col: (w) => {
    const [space, window, options] = moving(w, 2);
    return [w.float({ shape: [w.rng.int(1, 2), w.rng.int(1, 2), ...space] }), window, { ...options, padding: w.rng.int(0, 1) }];
  },
  unfold: (w) => {
    const x = w.float({ rank: [1, 3], where: (t) => t.numel() > 0 });
    const dim = w.dim(x);
    const size = w.rng.int(1, w.of(x).shape.at(dim)!);
    return [x, dim, size, w.rng.int(1, 3)];
  },
  pad: (w) => {
    const rank = w.rng.int(1, 3);
    const x = w.float({ shape: [1, w.rng.int(1, 2), ...Array.from({ length: rank }, () => w.rng.int(3, 5))] });
    const amounts = Array.from({ length: 2 * rank }, () => w.rng.int(-1, 2));
    return [x, amounts, { mode: w.rng.pick(["reflect", "replicate", "circular"]) }];
  },
};
