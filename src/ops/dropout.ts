// Dropout: of elements, of whole channels, and the self-normalising kinds.
import { checkFloat } from "../base/checks.ts";
import { parse } from "../base/options.ts";
import { ShapeError, show } from "../base/errors.ts";
import type { PhiloxKey } from "../base/random.ts";
import { sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { operand } from "./arguments.ts";
import { type Drawing, drawing, keyOf, probability } from "./drawing.ts";
import { type Composite, raises, t } from "./op.ts";

const wholes = { dtype: "int32" } as const;

export interface DropoutOptions extends Drawing {
  readonly p?: number;
  readonly training?: boolean;
  readonly inplace?: boolean;
}
type DropoutRest =
  | [p?: number, training?: boolean, inplace?: boolean]
  | [p: number, options: DropoutOptions]
  | [p: number, training: boolean, options: DropoutOptions]
  | [options: DropoutOptions];
type Dropping = Composite<(x: Tensor, ...rest: DropoutRest) => Tensor>;
/** How x is dropped; undefined when it stays as it is. */
type Plan = { readonly p: number; readonly inplace: boolean; readonly key: PhiloxKey } | undefined;

function planned(op: string, x: Tensor, rest: readonly unknown[], training: boolean, size: (x: Tensor) => number): Plan {
  checkFloat(op, operand(op, x).dtype);
  const o = parse(op, rest, { p: 0.5, training, inplace: false }, drawing);
  const p = probability(op, o.p);
  const n = size(x);
  return o.training && p > 0 && x.size > 0 ? { p, inplace: o.inplace, key: keyOf(op, n, o) } : undefined;
}

/** While training, each element is zeroed with probability p and the others are scaled by 1 / (1 − p); one dispatch each way. */
export const dropout: Dropping = {
  compose: (x, ...rest) => {
    const plan = planned("dropout", x, rest, true, (x) => x.size);
    if (!plan) return x;
    return plan.inplace ? x.philoxDropout_(plan.p, plan.key) : x.philoxDropout(plan.p, plan.key);
  },
  samples: [
    [t([3, 4]), 0],
    [t([3, 4]), 0.5, false],
    [t([2, 3]), { p: 1 }],
  ],
  errors: [
    raises([t([3]), 1.5], "between 0 and 1"),
    raises([t([3]), NaN], "between 0 and 1"),
    raises([t([3]), { q: 1 }], "unknown option"),
    raises([t([3]), 0.5, { generator: 7 }], "must be a Generator"),
    raises([t([3], wholes)], "needs a floating tensor"),
  ],
};

/** [N, C, 1, …] of a batch, [C, 1, …] of a lone item of `lone` dimensions. */
function channels(op: string, { shape }: Tensor, lone?: number): readonly number[] {
  if (shape.length < 2) throw new ShapeError(op, `needs at least 2 dimensions, got ${show(shape)}`);
  const kept = shape.length === lone ? 1 : 2;
  return shape.map((d, i) => (i < kept ? d : 1));
}

const channelwise = (op: string, lone: number | undefined, samples: Dropping["samples"], only?: readonly number[]): Dropping => ({
  compose: (x, ...rest) => {
    let shape: readonly number[] = [];
    const plan = planned(op, x, rest, true, (x) => {
      if (only && !only.includes(x.ndim)) throw new ShapeError(op, `needs ${only.join(" or ")} dimensions, got ${show(x.shape)}`);
      shape = channels(op, x, lone);
      return sizeOf(shape);
    });
    if (!plan) return x;
    const mask = x.filledLike(1, shape).philoxDropout(plan.p, plan.key);
    return plan.inplace ? x.mul_(mask) : x.mul(mask);
  },
  samples,
  errors: [raises([t([3]), 0.5], "dimensions"), raises([t([2, 3, 4]), -0.5], "between 0 and 1")],
});

/** While training, zeroes whole channels of [N, C, L] or [C, L] with probability p and scales the others by 1 / (1 − p). */
export const dropout1d: Dropping = channelwise(
  "dropout1d",
  2,
  [
    [t([2, 3, 4]), 0],
    [t([3, 4]), 1],
    [t([2, 3, 4]), 0.5, false],
  ],
  [2, 3],
);

/** While training, zeroes whole channels of [N, C, H, W] (of any [N, C, …]) with probability p and scales the others by 1 / (1 − p). */
export const dropout2d: Dropping = channelwise("dropout2d", undefined, [
  [t([2, 3, 2, 2]), 0],
  [t([2, 3, 2, 2]), 1],
  [t([2, 3, 4]), { training: false }],
]);

/** While training, zeroes whole channels of [N, C, D, H, W] or [C, D, H, W] with probability p and scales the others by 1 / (1 − p). */
export const dropout3d: Dropping = channelwise("dropout3d", 4, [
  [t([1, 2, 2, 2, 2]), 0],
  [t([2, 2, 2, 2]), 1],
  [t([1, 2, 2, 1, 2]), 0.5, false],
]);

const alpha = 1.7580993408473766;

const selfNormalising = (op: string, shapeOf: (x: Tensor) => readonly number[], shape: readonly number[]): Dropping => ({
  compose: (x, ...rest) => {
    const plan = planned(op, x, rest, false, (x) => sizeOf(shapeOf(x)));
    if (!plan) return x;
    const { p, key, inplace } = plan;
    // Where nothing is kept PyTorch gives zeros.
    if (p === 1) return inplace ? x.mul_(0) : x.mul(0);
    const a = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p));
    const kept = x.filledLike(1, shapeOf(x)).philoxBernoulli(1 - p, { key });
    const [scale, shift] = [kept.mul(a), kept.mul(alpha * a).add(alpha * a * (p - 1))];
    return inplace ? x.mul_(scale).add_(shift) : x.mul(scale).add(shift);
  },
  samples: [
    [t(shape), 0.5],
    [t(shape), 1, true],
    [t(shape), 0, true],
  ],
  errors: [raises([t(shape), 2, true], "between 0 and 1")],
});

/** Dropout that keeps mean and variance of self-normalising networks: dropped elements become −1.758 before an affine map. Off unless `training`. */
export const alphaDropout: Dropping = selfNormalising("alphaDropout", (x) => x.shape, [3, 4]);

/** `alphaDropout` of whole channels of [N, C, …]. Off unless `training`. */
export const featureAlphaDropout: Dropping = selfNormalising("featureAlphaDropout", (x) => channels("featureAlphaDropout", x), [2, 3, 4]);
