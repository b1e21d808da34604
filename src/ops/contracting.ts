// Sums of products over labelled dimensions, as few and as small products as a greedy order gives; each is one matrix product.
import { productOf } from "../base/shape.ts";
import type { Labelled } from "./subscripts.ts";
import type { Tensor } from "./tensor.ts";

/** A tensor with a label for every dimension, none of them twice. */
interface Term {
  readonly x: Tensor;
  readonly labels: readonly string[];
}
type Sizes = ReadonlyMap<string, number>;

const sizesIn = (sizes: Sizes, labels: readonly string[]): number[] => labels.map((label) => sizes.get(label) ?? 1);

/** An operand without repeated labels, which name a diagonal, and without dimensions of size 1, which broadcast. */
function plain(x: Tensor, labels: readonly string[]): Term {
  const second = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (second < 0) return { x: x.squeeze(), labels: labels.filter((_, i) => x.shape[i] !== 1) };
  const first = labels.indexOf(labels[second]!);
  const others = labels.filter((_, i) => i !== first && i !== second);
  return plain(x.diagonal(0, first, second), [...others, labels[second]!]);
}

/** The term without the labels that nothing else needs, which are summed. */
function summed({ x, labels }: Term, needed: ReadonlySet<string>): Term {
  const gone = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  return gone.length === 0 ? { x, labels } : { x: x.sum(gone), labels: labels.filter((label) => needed.has(label)) };
}

/** The term with its labels in this order; those it does not have become dimensions of size 1. */
function placed({ x, labels }: Term, order: readonly string[]): Tensor {
  const own = order.filter((label) => labels.includes(label));
  const turned = x.permute(own.map((label) => labels.indexOf(label)));
  return own.length === order.length
    ? turned
    : turned.reshape(order.map((label) => (labels.includes(label) ? x.shape[labels.indexOf(label)]! : 1)));
}

/** The labels of a product of two terms when these are needed. */
const remaining = (a: Term, b: Term, needed: ReadonlySet<string>): string[] =>
  [...new Set([...a.labels, ...b.labels])].filter((label) => needed.has(label));

/** The product of two terms, summed over the labels that nothing else needs: a matrix product, or an elementwise one if there are none. */
function product(a: Term, b: Term, needed: ReadonlySet<string>, sizes: Sizes): Term {
  const [shared, left] = [true, false].map((both) => a.labels.filter((label) => b.labels.includes(label) === both)) as [string[], string[]];
  const right = b.labels.filter((label) => !shared.includes(label));
  const [batch, inner] = [true, false].map((kept) => shared.filter((label) => needed.has(label) === kept)) as [string[], string[]];
  const labels = [...batch, ...left, ...right];
  if (inner.length === 0) return { x: placed(a, labels).mul(placed(b, labels)), labels };
  // Batches stay as they are, since kernels walk them by strides; what is joined keeps the order in which it lies in memory.
  const matrices = (term: Term, rows: readonly string[], columns: readonly string[]): Tensor =>
    placed(term, [...batch, ...rows, ...columns]).reshape(
      ...sizesIn(sizes, batch),
      productOf(sizesIn(sizes, rows)),
      productOf(sizesIn(sizes, columns)),
    );
  const x = matrices(a, left, inner).matmul(matrices(b, inner, right));
  return { x: x.reshape(sizesIn(sizes, labels)), labels };
}

/** The pair whose product is smallest, of equal ones that with the fewest multiplications. */
function cheapest(terms: readonly Term[], neededBeside: (i: number, j: number) => ReadonlySet<string>, sizes: Sizes): [number, number] {
  let best: { readonly pair: [number, number]; readonly size: number; readonly work: number } | undefined;
  for (let j = 1; j < terms.length; j++)
    for (let i = 0; i < j; i++) {
      const [a, b] = [terms[i]!, terms[j]!];
      const size = productOf(sizesIn(sizes, remaining(a, b, neededBeside(i, j))));
      const work = productOf(sizesIn(sizes, [...new Set([...a.labels, ...b.labels])]));
      if (!best || size < best.size || (size === best.size && work < best.work)) best = { pair: [i, j], size, work };
    }
  return best!.pair;
}

/** The sum over all labels that are not in the output of the product of the operands, which broadcast. */
export function contracted(operands: readonly Tensor[], { inputs, output, sizes }: Labelled): Tensor {
  const needed = (others: readonly Term[]): ReadonlySet<string> => new Set([...output, ...others.flatMap(({ labels }) => labels)]);
  let terms = operands.map((x, i) => plain(x, inputs[i]!));
  terms = terms.map((term, i) => summed(term, needed(terms.toSpliced(i, 1))));
  const beside = (i: number, j: number): Term[] => terms.filter((_, k) => k !== i && k !== j);
  while (terms.length > 1) {
    const [i, j] = terms.length === 2 ? [0, 1] : cheapest(terms, (a, b) => needed(beside(a, b)), sizes);
    const [a, b] = [terms[i]!, terms[j]!];
    // The operand whose own labels come first in the result goes first, so that the product often lies as the result does.
    const place = (one: Term, other: Term): number =>
      output.findIndex((label) => one.labels.includes(label) && !other.labels.includes(label));
    const pair = place(a, b) > place(b, a) && place(b, a) >= 0 ? ([b, a] as const) : ([a, b] as const);
    const others = beside(i, j);
    terms = [...others, product(...pair, needed(others), sizes)];
  }
  return placed(terms[0]!, output);
}
