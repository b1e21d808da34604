// Dropout of elements and of whole channels, and the self-normalising kinds.
import { checkRank } from "../arguments.ts";
import { dropping, type Dropping } from "../dropping.ts";
import { raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** While training, each element is zeroed with probability p and the others are scaled by 1 / (1 − p); one dispatch each way. */
export const dropout: Dropping = dropping(
  true,
  (x) => x.shape,
  (x, p, key) => x.philoxDropout(p, key),
  {
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
      raises([t([3], { dtype: "int32" })], "needs a floating tensor"),
    ],
  },
);

type Sizes = readonly number[];
/** [N, C, 1, …] of a batch, [C, 1, …] of a lone item of `lone` dimensions. */
const channels =
  (lone?: number, most?: number) =>
  ({ shape }: Tensor): Sizes => {
    checkRank(shape, 2, most);
    return shape.map((d, i) => (i < (shape.length === lone ? 1 : 2) ? d : 1));
  };

const channelwise = (samples: Dropping["samples"], lone?: number, most?: number): Dropping =>
  dropping(true, channels(lone, most), (x, p, key, shape) => x.mul(x.filledLike(1, shape).philoxDropout(p, key)), {
    samples,
    errors: [raises([t([3]), 0.5], "dimensions"), raises([t([2, 3, 4]), -0.5], "between 0 and 1")],
  });

/** While training, zeroes whole channels of [N, C, L] or [C, L] with probability p and scales the others by 1 / (1 − p). */
export const dropout1d: Dropping = channelwise(
  [
    [t([2, 3, 4]), 0.5, false],
    [t([3, 4]), 1],
  ],
  2,
  3,
);

/** While training, zeroes whole channels of [N, C, H, W] (of any [N, C, …]) with probability p and scales the others by 1 / (1 − p). */
export const dropout2d: Dropping = channelwise([
  [t([2, 3, 2, 2]), 1],
  [t([2, 3, 4]), { training: false }],
]);

/** While training, zeroes whole channels of [N, C, D, H, W] or [C, D, H, W] with probability p and scales the others by 1 / (1 − p). */
export const dropout3d: Dropping = channelwise(
  [
    [t([1, 2, 2, 2, 2]), 0],
    [t([2, 2, 2, 2]), 1],
  ],
  4,
);

const alpha = 1.7580993408473766;

const selfNormalising = (shapeOf: (x: Tensor) => Sizes, shape: Sizes): Dropping =>
  dropping(
    false,
    shapeOf,
    (x, p, key, shape) => {
      // Where nothing is kept PyTorch gives zeros.
      if (p === 1) return x.mul(0);
      const a = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p));
      const kept = x.filledLike(1, shape).philoxBernoulli(1 - p, { key });
      return x.mul(kept.mul(a)).add(kept.mul(alpha * a).add(alpha * a * (p - 1)));
    },
    {
      samples: [
        [t(shape), 0.5],
        [t(shape), 1, true],
        [t(shape), 0, true],
      ],
      errors: [raises([t(shape), 2, true], "between 0 and 1")],
    },
  );

/** Dropout that keeps mean and variance of self-normalising networks: dropped elements become −1.758 before an affine map. Off unless `training`. */
export const alphaDropout: Dropping = selfNormalising((x) => x.shape, [3, 4]);

/** `alphaDropout` of whole channels of [N, C, …]. Off unless `training`. */
export const featureAlphaDropout: Dropping = selfNormalising(channels(), [2, 3, 4]);
