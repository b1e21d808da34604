// Tensors cut into pieces, of sections or before indices.
import { ShapeError, show } from "../../base/errors.ts";
import { sizeOf } from "../../base/shape.ts";
import { checkRank, integer, integers } from "../arguments.ts";
import { axisOf, type DimRest } from "../cutting.ts";
import { type Cases, type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** Views along a dimension: of so many sections, the first ones an element longer where they do not come out even, or cut before the indices given. */
export const tensorSplit: Composite<(x: Tensor, sections: number | readonly number[], ...rest: DimRest) => Tensor[]> = {
  rest: true,
  compose: (x, sections, ...rest) => {
    const dim = axisOf(x, rest);
    const size = x.shape[dim]!;
    if (typeof sections === "number") {
      const n = integer(sections, "sections", 1);
      const longer = size % sizeOf([n]);
      return x.splitWithSizes(
        Array.from({ length: n }, (_, i) => Math.floor(size / n) + Number(i < longer)),
        dim,
      );
    }
    const cuts = [0, ...integers([sections], "indices"), size];
    return cuts.slice(1).map((end, i) => x.slice(dim, cuts[i], end));
  },
  samples: [
    [t([7]), 3],
    [t([2, 5]), [1, 3], { dim: 1 }],
    [t([4]), [3, 1, 9], 0],
  ],
  errors: [raises([t([4]), 0], "at least 1"), raises([t([]), 2], "at least 1 dimensions"), raises([t([4]), [0.5]], "must be integers")],
};

type Along = Composite<(x: Tensor, sections: number | readonly number[]) => Tensor[]>;

/** tensorSplit along the dimension that `dimOf` says, into equal sections. */
const splitting = (least: number, dimOf: (rank: number) => number, { samples, errors }: Cases): Along => ({
  compose: (x, sections) => {
    checkRank(x.shape, least);
    const dim = dimOf(x.ndim);
    if (typeof sections === "number" && x.shape[dim]! % integer(sections, "sections", 1) !== 0)
      throw new ShapeError(`dimension ${dim} of ${show(x.shape)} is no multiple of ${sections}`, "tensorSplit takes any number");
    return x.tensorSplit(sections, dim);
  },
  samples,
  errors,
});

/** Views along dimension 1, or 0 of vectors: so many equal ones, or cut before the indices given. */
export const hsplit: Along = splitting(1, (rank) => Number(rank > 1), {
  samples: [
    [t([2, 4]), 2],
    [t([3]), [1, 2]],
  ],
  errors: [raises([t([2, 3]), 2], "no multiple of 2"), raises([t([]), 1], "at least 1 dimensions")],
});
/** Views along dimension 0: so many equal ones, or cut before the indices given. */
export const vsplit: Along = splitting(2, () => 0, {
  samples: [
    [t([4, 2]), 2],
    [t([3, 2]), [1]],
  ],
  errors: [raises([t([3, 2]), 2], "no multiple of 2"), raises([t([4]), 2], "at least 2 dimensions")],
});
/** Views along dimension 2: so many equal ones, or cut before the indices given. */
export const dsplit: Along = splitting(3, () => 2, {
  samples: [
    [t([1, 2, 4]), 2],
    [t([2, 1, 3]), [1]],
  ],
  errors: [raises([t([1, 1, 3]), 2], "no multiple of 2"), raises([t([4, 2]), 2], "at least 3 dimensions")],
});
