// Dropout of elements.
import { dropping, type Dropping } from "./dropping.ts";
import { raises, t } from "./op.ts";

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
