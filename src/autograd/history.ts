// What autograd keeps in a tensor and does with it: its place in the graph, the tensor it is a view of, and who frees it.
import type { Tensor } from "../ops/tensor.ts";
import type { ViewPath } from "./inplace.ts";
import type { Edge, Node } from "./node.ts";

/** A tensor's part in the graph. */
export interface History {
  /** Where its gradient flows: into the node that made it, or the sink of a leaf. */
  readonly edge: Edge | undefined;
  /** The tensor this one is a view of. */
  readonly viewOf: Tensor | undefined;
  /** The way there from the tensor that this one is a view of. */
  readonly path: ViewPath | undefined;
  /** The gradient for library code, which does not keep it: leaves it free for early release. */
  peekGrad(): Tensor | undefined;
  /** Adds to `grad`; takes ownership of `g`. */
  receiveGrad(g: Tensor, createGraph: boolean): void;
  /** Another handle on the same elements; with `graph` (the default), at the same place in the graph. */
  alias(graph?: boolean): Tensor;
  /** A copy of the present contents at the same place in the graph, for an in-place operator that needs them later. */
  preserved(): Tensor;
  /** Makes this a view of `base`, or of nothing. */
  seenFrom(base?: Tensor, path?: ViewPath): this;
  /** Makes this output `index` of `node`. */
  setHistory(node: Node, index: number): void;
  /** In-place operators: from now on this tensor, which was input number `self` of `node`, is its output `index`. A view hands this on to its base. */
  rebase(node: Node, self: number, index?: number): void;
  /** Whether the collector watches this handle (pressure.ts). */
  tracked: boolean;
  /** Host bytes standing in for GPU bytes. */
  pressure: ArrayBuffer | undefined;
}

declare module "../ops/tensor.ts" {
  /** @internal */
  interface Tensor extends History {}
}
