// The places of the largest and smallest elements, and PyTorch's max and min.
import { parse } from "../../base/options.ts";
import type { Shape } from "../../base/shape.ts";
import { isTensor } from "../arguments.ts";
import { choosing, type Choosing, distinct } from "../choosing.ts";
import type { Chosen } from "../named.ts";
import { type Composite, type Internal, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type Along =
  | [dim: number, keepdim?: boolean]
  | [dim: number, options: { readonly keepdim?: boolean }]
  | [options: { readonly dim: number; readonly keepdim?: boolean }];
type Place = Choosing<
  (
    x: Tensor,
    ...rest:
      | [dim?: number | null, keepdim?: boolean]
      | [dim: number | null, options: { readonly keepdim?: boolean }]
      | [options: { readonly dim?: number | null; readonly keepdim?: boolean }]
  ) => Tensor
>;
/** Position of the largest element: in the flattened tensor, or along a dimension. The first of equals; NaN wins. */
export const argmax: Place = choosing("largest", "place");
/** Position of the smallest element: in the flattened tensor, or along a dimension. The first of equals; NaN wins. */
export const argmin: Place = choosing("smallest", "place");

type Choice = Choosing<(x: Tensor, ...rest: Along) => Chosen> & Internal;

/** Zeros but for g, in its places along a dimension. */
const scattered = (g: Tensor, indices: Tensor, dim: number, shape: Shape): Tensor => g.filledLike(0, shape).scatterAdd(dim, indices, g);

/** The largest elements along a dimension and their positions: what max(x, dim) gives. */
export const maxAlong: Choice = { ...choosing("largest", "both", scattered), internal: true };
/** The smallest elements along a dimension and their positions: what min(x, dim) gives. */
export const minAlong: Choice = { ...choosing("smallest", "both", scattered), internal: true };

/** PyTorch's three forms of max and min. */
export interface Extreme {
  (x: Tensor): Tensor;
  (x: Tensor, dim: number, keepdim?: boolean): Chosen;
  (x: Tensor, dim: number, options: { readonly keepdim?: boolean }): Chosen;
  (x: Tensor, options: { readonly dim: number; readonly keepdim?: boolean }): Chosen;
  (x: Tensor, other: Tensor): Tensor;
  readonly method: {
    (): Tensor;
    (dim: number, keepdim?: boolean): Chosen;
    (dim: number, options: { readonly keepdim?: boolean }): Chosen;
    (options: { readonly dim: number; readonly keepdim?: boolean }): Chosen;
    (other: Tensor): Tensor;
  };
}

const extreme = (name: "max" | "min"): Composite<Extreme> => ({
  rest: true,
  compose: ((x: Tensor, ...rest: readonly unknown[]) => {
    const [first] = rest;
    if (first === undefined && rest.length <= 1) return x[`a${name}`]();
    const paired = isTensor(first) || (typeof first === "object" && first !== null && "other" in first);
    if (!paired) return (x[`${name}Along`] as (...along: Along) => Chosen)(...(rest as Along));
    return x[`${name}imum`](parse(rest, { other: undefined as unknown as Tensor }).other);
  }) as Extreme,
  samples: [[distinct([3, 4])], [distinct([3, 4]), { dim: 0, keepdim: true }], [distinct([3, 4]), t([4])]],
  errors: [
    raises([t([0])], "no elements"),
    raises([t([2, 3]), 2], "out of range"),
    raises([t([2]), t([2]), true], "true is one argument too many"),
  ],
});

/** The largest element; with a dimension { values, indices } along it; with another tensor the larger of each pair. */
export const max: Composite<Extreme> = extreme("max");
/** The smallest element; with a dimension { values, indices } along it; with another tensor the smaller of each pair. */
export const min: Composite<Extreme> = extreme("min");
