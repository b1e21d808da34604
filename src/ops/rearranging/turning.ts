// Matrices mirrored and turned.
import { checkRank, distinct, integer, integers } from "../arguments.ts";
import { parse } from "../../base/options.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** Columns in reverse order: dimension 1 reversed. */
export const fliplr: Composite<(x: Tensor) => Tensor> = {
  renames: true,
  compose: (x) => (checkRank(x.shape, 2), x.flip(1)),
  samples: [[t([2, 3])]],
  errors: [raises([t([3])], "at least 2 dimensions")],
};

/** Rows in reverse order: dimension 0 reversed. */
export const flipud: Composite<(x: Tensor) => Tensor> = {
  renames: true,
  compose: (x) => (checkRank(x.shape, 1), x.flip(0)),
  samples: [[t([3])], [t([3, 2])]],
  errors: [raises([t([])], "at least 1 dimensions")],
};

type TurnRest =
  | [k?: number, dims?: readonly number[]]
  | [k: number, options: { dims?: readonly number[] }]
  | [options: { k?: number; dims?: readonly number[] }];

/** Turned k quarters in the plane of two dims, from the first towards the second. */
export const rot90: Composite<(x: Tensor, ...rest: TurnRest) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { k, dims } = parse(rest, { k: 1, dims: [0, 1] as readonly number[] });
    const [from, to] = distinct(integers([dims], "dims"), x.ndim) as [number, number];
    const quarters = ((integer(k, "k") % 4) + 4) % 4;
    if (quarters % 2 === 0) return quarters === 0 ? x.clone() : x.flip(from, to);
    return x.flip(quarters === 1 ? to : from).transpose(from, to);
  },
  samples: [[t([2, 3])], [t([2, 3, 2]), -1, [1, -1]], [t([2, 3]), { k: 2 }], [t([2, 3]), 4]],
  errors: [
    raises([t([2, 3]), 1, [0]], "dims must be a list of 2"),
    raises([t([2, 3]), 1, [0, -2]], "twice"),
    raises([t([2, 3]), 0.5], "k must be an integer"),
  ],
};
