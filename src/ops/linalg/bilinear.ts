// Maps that are linear in each of two operands.
import { ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { sameShape, sizeOf } from "../../base/shape.ts";
import { checkFits, checkRank, operand } from "../arguments.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type BilinearFn = (
  x: Tensor,
  other: Tensor,
  weight: Tensor,
  ...rest: [bias?: Tensor | null] | [options: { readonly bias?: Tensor | null }]
) => Tensor;

/** x · weight[o] · other for every output o, plus bias. Shape: [*, m], [*, n] and weight [O, m, n] → [*, O]. */
export const bilinear: Composite<BilinearFn> = {
  rest: true,
  compose: (x, other, weight, ...rest) => {
    const { bias } = parse(rest, { bias: null as Tensor | null });
    checkRank(x.shape, 1);
    checkRank(operand(other, "other").shape, 1);
    checkRank(operand(weight, "weight").shape, 3, 3);
    const [outputs, rows, columns] = weight.shape as [number, number, number];
    const lead = x.shape.slice(0, -1);
    if (!sameShape(lead, other.shape.slice(0, -1)))
      throw new ShapeError(`${show(x.shape)} and ${show(other.shape)} differ before the last dimension`);
    checkFits("x", x.shape, [...lead, rows]);
    checkFits("other", other.shape, [...lead, columns]);
    if (bias) checkFits("bias", operand(bias, "bias").shape, [outputs]);
    const count = sizeOf(lead);
    const maps = x.reshape(count, rows).matmul(weight.transpose(0, 1).reshape(rows, outputs * columns));
    const y = maps
      .reshape(count, outputs, columns)
      .matmul(other.reshape(count, columns, 1))
      .reshape([...lead, outputs]);
    return bias ? y.add(bias) : y;
  },
  samples: [
    [t([2, 3]), t([2, 4]), t([2, 3, 4]), t([2])],
    [t([2, 2, 1]), t([2, 2, 3]), t([4, 1, 3])],
    [t([3]), t([2]), t([2, 3, 2]), { bias: t([2]) }],
  ],
  errors: [
    raises([t([2, 3]), t([3, 3]), t([2, 3, 3])], "[2, 3] and [3, 3] differ before the last dimension"),
    raises([t([2, 3]), t([2, 3]), t([2, 4, 3])], "x [2, 3] does not fit, needs [2, 4]"),
    raises([t([2, 3]), t([2, 3]), t([2, 3, 3]), t([3])], "bias [3] does not fit, needs [2]"),
    raises([t([2, 3]), t([2, 3]), t([3, 3])], "needs 3 dimensions"),
  ],
};
