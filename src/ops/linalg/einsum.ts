// Sums of products in Einstein's notation.
import { ArgumentError } from "../../base/errors.ts";
import { operand, operands } from "../arguments.ts";
import { contracted } from "../contracting.ts";
import { type Composite, raises, t } from "../op.ts";
import { fromEquation, fromLists, labelled, type Sublist, type Subscripts } from "../subscripts.ts";
import type { Tensor } from "../tensor.ts";

type EinsumArgs =
  | [equation: string, ...operands: readonly Tensor[]]
  | [equation: string, operands: readonly Tensor[]]
  | [x: Tensor, sublist: Sublist, ...rest: readonly (Tensor | Sublist)[]];

/** Sorts operands from subscripts. Errors: ArgumentError, DtypeError. */
function read([first, ...rest]: readonly unknown[]): { readonly list: readonly Tensor[]; readonly subscripts: Subscripts } {
  if (typeof first === "string")
    return { list: operands(rest.length === 1 && Array.isArray(rest[0]) ? rest[0] : rest), subscripts: fromEquation(first) };
  const all = [first, ...rest];
  const pairs = all.length >> 1;
  const lists = all.filter((_, i) => i % 2 === 1 || i === 2 * pairs);
  const odd = lists.findIndex((list) => !Array.isArray(list));
  if (odd >= 0 || pairs === 0) throw new ArgumentError("needs an equation and operands, or each operand with its list of subscripts");
  const sublists = lists as readonly Sublist[];
  const list = Array.from({ length: pairs }, (_, i) => operand(all[2 * i], `operand ${i}`));
  return { list, subscripts: fromLists(sublists.slice(0, pairs), sublists[pairs]) };
}

/**
 * Sums of products of dimensions named by letters: `einsum("bij,bjk->bik", x, y)` is a product of matrices. A letter that is not in the result
 * is summed over, one twice in an operand is its diagonal, "..." are the dimensions without letters, which broadcast. Without an arrow the
 * result has the letters that occur once. Several operands are multiplied in the order that keeps intermediate results small.
 */
export const einsum: Composite<(...args: EinsumArgs) => Tensor> = {
  self: -1,
  rest: true,
  compose: (...args) => {
    const { list, subscripts } = read(args);
    return contracted(list, labelled(subscripts, list.map(({ shape }) => shape)));
  },
  samples: [
    ["ij,kj->ik", t([2, 3]), t([4, 3])],
    ["bhid,bhjd->bhij", t([2, 1, 3, 2]), t([2, 1, 2, 2])],
    ["ii->i", t([3, 3])],
    ["...i,i", t([2, 3]), t([3])],
    ["ij,jk,kl->il", t([2, 3]), t([3, 2]), t([2, 2])],
    [t([2, 3]), [0, 1], t([3]), [1], [0]],
  ],
  errors: [
    raises(["ij,jk->ik", t([2, 3])], "for 2 operands, got 1"),
    raises(["ij->ik", t([2, 3])], "in no operand"),
    raises(["ij->ii", t([2, 3])], "twice in the result"),
    raises(["ii->i", t([2, 3])], "sizes 2 and 3"),
    raises(["i,i->", t([2]), t([3])], "do not broadcast"),
    raises(["ij", t([2])], "does not have 2 dimensions"),
    raises(["i.->i", t([2])], "is no letter"),
    raises([t([2, 3]), [0, 52]], "52 is no subscript"),
    raises(["ij", 2], "must be a tensor"),
  ],
}; // prettier-ignore
