// Layer normalisation and its gradients.
import source from "../../shaders/normalize.wgsl?raw";
import reduceSource from "../../shaders/reduce.wgsl?raw";
import type { View, Views } from "../backend/backend.ts";
import { dense, elements } from "../backend/cpu.ts";
import type { Launcher } from "../backend/kernel.ts";
import { isFloat } from "../base/dtype.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { contiguousStrides, sameShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { launchLines } from "./lines.ts";
import { type Inputs, type Primitive, raises, t } from "./op.ts";
import { gpuReduce, type Rule } from "./reduction.ts";

export interface Affine {
  readonly weight?: Tensor | null | undefined;
  readonly bias?: Tensor | null | undefined;
  readonly eps?: number;
}
export interface Attrs {
  readonly shape: Shape;
  readonly eps: number;
}
type Sizes = number | readonly number[];

const sizesOf = (given: unknown): Shape => (typeof given === "number" ? [given] : [...(given as Shape)]);
const optional = { weight: undefined as Tensor | null | undefined, bias: undefined as Tensor | null | undefined, eps: 1e-5 };

function checkTail(name: string, ins: Inputs, shape: Shape): void {
  const { x } = ins;
  if (!isFloat(x!.dtype)) throw new DtypeError(name, `needs a floating input, got ${x!.dtype}`);
  const lead = x!.shape.length - shape.length;
  if (shape.length === 0 || lead < 0 || !sameShape(x!.shape.slice(lead), shape))
    throw new ShapeError(name, `an input of ${show(x!.shape)} does not end in normalizedShape ${show(shape)}`);
  for (const key of ["weight", "bias"])
    if (ins[key] && !sameShape(ins[key].shape, shape))
      throw new ShapeError(name, `${key} ${show(ins[key].shape)} must have normalizedShape ${show(shape)}`);
}

const leading = (x: { readonly shape: Shape }, shape: Shape): number[] => x.shape.slice(0, x.shape.length - shape.length);
const rowsOf = (x: { readonly shape: Shape }, shape: Shape): { outer: number; length: number; inner: number } => ({
  outer: sizeOf(leading(x, shape)),
  length: sizeOf(shape),
  inner: 1,
});

const vector = ["load", "load_g", "store", "mask"];
const rolesOf = (io: Views): { roles: Record<string, string>; vector: string[] } => ({
  roles: { ...(io["weight"] ? { scaled: "scaled_weight" } : {}), ...(io["bias"] ? { moved: "moved_bias" } : {}) },
  vector,
});

function forward(q: Launcher, io: Views, out: View, mean: View, rstd: View, { shape, eps }: Attrs): void {
  const { x, weight, bias } = io;
  const bind = {
    x: q.dense(x!),
    out,
    mean,
    rstd,
    ...(weight ? { weight: q.dense(weight) } : {}),
    ...(bias ? { bias: q.dense(bias) } : {}),
  };
  launchLines(q, source, rolesOf(io).roles, vector, bind, rowsOf(x!, shape), { eps });
}

/** Mean and 1 / sqrt(variance + eps) of one row. */
function rowStats(x: ArrayLike<number>, at: number, n: number, eps: number): readonly [number, number] {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[at + i]!;
  const mean = sum / n;
  let m2 = 0;
  for (let i = 0; i < n; i++) m2 += (x[at + i]! - mean) ** 2;
  return [mean, 1 / Math.sqrt(m2 / n + eps)];
}

type LayerNormFn = (
  x: Tensor,
  normalizedShape: Sizes,
  ...rest: [weight?: Tensor | null, bias?: Tensor | null, eps?: number] | [options: Affine]
) => Tensor;

/** Normalises the trailing dimensions `normalizedShape` to mean 0 and variance 1, then scales by weight and adds bias. */
export const layerNorm: Primitive<LayerNormFn, "x" | "weight" | "mean" | "rstd", Attrs> = {
  call: (x, normalizedShape, ...rest) => {
    const { weight, bias, eps } = parse("layerNorm", rest, optional);
    return { inputs: { x, weight: weight ?? undefined, bias: bias ?? undefined }, attrs: { shape: sizesOf(normalizedShape), eps } };
  },
  meta: (ins, { shape }) => {
    checkTail("layerNorm", ins, shape);
    const x = ins["x"]!;
    const stats = { shape: leading(x, shape), dtype: x.dtype };
    return { out: { shape: x.shape, dtype: x.dtype }, mean: stats, rstd: stats };
  },
  cpu: ({ x, weight, bias, out, mean, rstd }, { shape, eps }) => {
    const n = sizeOf(shape);
    const [from, to, w, b] = [dense(x!), elements(out!), weight && dense(weight), bias && dense(bias)];
    const [means, rstds] = [elements(mean!), elements(rstd!)];
    for (let row = 0; row < means.length; row++) {
      const at = row * n;
      const [center, scale] = rowStats(from, at, n, eps);
      [means[row], rstds[row]] = [center, scale];
      for (let i = 0; i < n; i++) to[at + i] = (from[at + i]! - center) * scale * (w ? w[i]! : 1) + (b ? b[i]! : 0);
    }
  },
  gpu: (io, attrs, q) => forward(q, io, io["out"]!, io["mean"]!, io["rstd"]!, attrs),
  save: ["x", "weight", "mean", "rstd"],
  backward: (g, { x, weight, mean, rstd }, { shape, eps }, ins) => {
    let found: Tensor | undefined;
    const sums = (): Tensor => (found ??= g.layerNormSums(x, shape, { mean, rstd, eps }));
    return {
      x: () => g.layerNormBackward(x, shape, { weight: ins["weight"] ? weight : undefined, mean, rstd, eps }),
      weight: () => sums().select(0, 1).reshape(shape),
      bias: () => sums().select(0, 0).reshape(shape),
    };
  },
  samples: [
    [t([3, 4]), [4]], [t([2, 3, 4]), [3, 4], t([3, 4]), t([3, 4])], [t([3, 5]), [5], { weight: t([5]), bias: t([5]), eps: 1e-3 }], [t([3, 5]), 5, { weight: t([5]) }],
    [t([2, 68]), [68], { weight: t([68]), bias: t([68]) }], [t([6]), [6]], [t([3, 1]), [1], { weight: t([1]) }],
  ], // prettier-ignore
  errors: [
    raises([t([2, 3]), [2]], "does not end in"),
    raises([t([2, 3]), [3], t([2])], "must have normalizedShape"),
    raises([t([2], { dtype: "int32" }), [2]], "floating"),
  ],
};

export interface Given extends Affine {
  readonly mean?: Tensor | undefined;
  readonly rstd?: Tensor | undefined;
}
const given = {
  weight: undefined as Tensor | null | undefined,
  mean: undefined as Tensor | undefined,
  rstd: undefined as Tensor | undefined,
  eps: 1e-5,
};
type GradientFn = (g: Tensor, x: Tensor, normalizedShape: Sizes, options?: Given) => Tensor;

/** Statistics of the rows: those saved by the forward pass, or fresh ones. */
function statsOf(q: Launcher, io: Views, attrs: Attrs): { mean: View; rstd: View } {
  const { x, mean, rstd } = io;
  if (mean && rstd) return { mean: q.dense(mean), rstd: q.dense(rstd) };
  const rows = leading(x!, attrs.shape);
  const made = { mean: q.scratch("float32", rows), rstd: q.scratch("float32", rows) };
  forward(q, { x: x! }, q.scratch("float32", x!.shape), made.mean, made.rstd, attrs);
  return made;
}

/** x normalised without scale and offset, in plain operators. */
function normalized(x: Tensor, dims: readonly number[], eps: number): { hat: Tensor; rstd: Tensor } {
  const centered = x.sub(x.mean(dims, true));
  const rstd = centered.square().mean(dims, true).add(eps).rsqrt();
  return { hat: centered.mul(rstd), rstd };
}
const tailDims = (x: Tensor, shape: Shape): number[] => shape.map((_, i) => x.ndim - shape.length + i);

const gradientCall = (
  name: string,
  g: Tensor,
  x: Tensor,
  normalizedShape: Sizes,
  rest: readonly unknown[],
): { inputs: Record<string, Tensor | undefined>; attrs: Attrs } => {
  const { weight, mean, rstd, eps } = parse(name, rest, {}, given);
  return { inputs: { g, x, weight: weight ?? undefined, mean, rstd }, attrs: { shape: sizesOf(normalizedShape), eps } };
};

/** The gradient of layerNorm by x for the gradient g of its result; `mean` and `rstd` spare a second pass over x. */
export const layerNormBackward: Primitive<GradientFn, never, Attrs> = {
  call: (g, x, shape, ...rest) => gradientCall("layerNormBackward", g, x, shape, rest),
  meta: (ins, { shape }) => {
    checkTail("layerNormBackward", ins, shape);
    return { out: { shape: ins["x"]!.shape, dtype: ins["x"]!.dtype } };
  },
  cpu: ({ g, x, weight, out }, { shape, eps }) => {
    const n = sizeOf(shape);
    const [slope, from, w, to] = [dense(g!), dense(x!), weight && dense(weight), elements(out!)];
    for (let at = 0; at < to.length; at += n) {
      const [mean, rstd] = rowStats(from, at, n, eps);
      let [a, b] = [0, 0];
      for (let i = 0; i < n; i++) {
        const v = slope[at + i]! * (w ? w[i]! : 1);
        a += v;
        b += v * (from[at + i]! - mean);
      }
      a /= n;
      b *= (rstd * rstd) / n;
      for (let i = 0; i < n; i++) to[at + i] = rstd * (slope[at + i]! * (w ? w[i]! : 1) - a - (from[at + i]! - mean) * b);
    }
  },
  gpu: (io, attrs, q) => {
    const { g, x, weight, out } = io;
    const { mean, rstd } = statsOf(q, io, attrs);
    const roles = { run_line: "run_line_backward", ...(weight ? { scaled: "scaled_weight" } : {}) };
    const bind = { x: q.dense(x!), g: q.dense(g!), means: mean, rstds: rstd, out: out!, ...(weight ? { weight: q.dense(weight) } : {}) };
    launchLines(q, source, roles, vector, bind, rowsOf(x!, attrs.shape), { eps: attrs.eps });
  },
  backward: "definition",
  definition: (g, x, normalizedShape, options = {}) => {
    const dims = tailDims(x, sizesOf(normalizedShape));
    const { hat, rstd } = normalized(x, dims, options.eps ?? 1e-5);
    const slope = options.weight ? g.mul(options.weight) : g;
    return slope
      .sub(slope.mean(dims, true))
      .sub(hat.mul(slope.mul(hat).mean(dims, true)))
      .mul(rstd);
  },
  samples: [
    [t([3, 4]), t([3, 4]), [4]],
    [t([2, 3, 4]), t([2, 3, 4]), [3, 4], { weight: t([3, 4]) }],
    [t([2, 68]), t([2, 68]), [68], { weight: t([68]) }],
  ],
  errors: [raises([t([2, 3]), t([2, 3]), [2]], "does not end in")],
};

/** Σ g and Σ g · (x − mean) · rstd over the rows, [2, …]: the gradients of layerNorm by bias and weight. */
export const layerNormSums: Primitive<GradientFn, never, Attrs> = {
  call: (g, x, shape, ...rest) => gradientCall("layerNormSums", g, x, shape, rest),
  meta: (ins, { shape }) => {
    checkTail("layerNormSums", ins, shape);
    return { out: { shape: [2, ...shape], dtype: ins["x"]!.dtype } };
  },
  cpu: ({ g, x, out }, { shape, eps }) => {
    const n = sizeOf(shape);
    const [slope, from, to] = [dense(g!), dense(x!), elements(out!)];
    const sums = new Float64Array(2 * n);
    for (let at = 0; at < from.length; at += n) {
      const [mean, rstd] = rowStats(from, at, n, eps);
      for (let i = 0; i < n; i++) {
        sums[i]! += slope[at + i]!;
        sums[n + i]! += slope[at + i]! * (from[at + i]! - mean) * rstd;
      }
    }
    to.set(sums);
  },
  gpu: (io, attrs, q) => {
    const { outer, length } = rowsOf(io["x"]!, attrs.shape);
    const { mean, rstd } = statsOf(q, io, attrs);
    const shape = [outer, length];
    const flat = (v: View): View => ({ ...q.dense(v), shape, strides: contiguousStrides(shape) });
    // A single column is its own mean: its second sum is 0 times anything.
    const single = length === 1;
    const rule: Rule = {
      lanes: "twin",
      roles: { open: "open_twin_rows", ...(single ? {} : { write_twin: "write_twin_rows" }) },
      across: { open: "open_twin_rows", fold: "fold_twin_rows" },
    };
    const zero = single ? q.table("zero", () => new Float32Array(1)) : rstd;
    gpuReduce(q, reduceSource, rule, { x: flat(io["x"]!), y: flat(io["g"]!), center: mean, rstd: zero, out: io["out"]! }, [0], "float32");
  },
  backward: "definition",
  definition: (g, x, normalizedShape, options = {}) => {
    const shape = sizesOf(normalizedShape);
    const rows = leading(x, shape).map((_, d) => d);
    const { hat } = normalized(x, tailDims(x, shape), options.eps ?? 1e-5);
    const total = (v: Tensor): Tensor => (rows.length === 0 ? v : v.sum(rows)).reshape([1, sizeOf(shape)]);
    return total(g)
      .pad([0, 0, 0, 1])
      .add(total(g.mul(hat)).pad([0, 0, 1, 0]))
      .reshape([2, ...shape]);
  },
  samples: [
    [t([3, 4]), t([3, 4]), [4]],
    [t([2, 3, 4]), t([2, 3, 4]), [3, 4]],
    [t([70, 5]), t([70, 5]), [5]],
    [t([3, 1]), t([3, 1]), [1]],
  ],
  errors: [raises([t([2, 3]), t([2, 3]), [2]], "does not end in")],
};
