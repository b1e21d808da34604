// Writing in place through views: what may be written, and how the history of the tensor behind a view is rewritten.
import { ArgumentError, GradError, show } from "../base/errors.ts";
import { overlaps } from "../ops/restride.ts";
import type { Tensor } from "../ops/tensor.ts";
import { isGradEnabled } from "./mode.ts";
import { Node } from "./node.ts";
import { leaveNode } from "./scope.ts";

/** How a view came about, so that it can be made again from a changed base. */
export interface ViewPath {
  /** The same view of another tensor in the shape of the base. */
  readonly replay: (base: Tensor) => Tensor;
  /** True when the path names places in storage, which are only the same in a base that fills its storage. */
  readonly absolute: boolean;
  /** The Function that a view comes out of, whose gradient making it again from the base would lose. */
  readonly owner?: string | undefined;
}

/** The way of the Function `owner` to an output that shares memory: it cannot be gone again, and so neither side is written to while the other is used. */
export const sealed = (owner: string): ViewPath => ({
  replay: () => {
    throw new GradError(`what an output of ${owner} shares memory with was changed in place since`, "return a clone() from forward");
  },
  absolute: false,
  owner,
});

/** Errors: ArgumentError when elements of x share memory. */
export function checkDistinct(x: Tensor): void {
  if (overlaps(x)) throw new ArgumentError(`several elements of ${show(x.shape)} share one place in memory`, "clone() it first");
}

/** Errors: ArgumentError when elements of x share memory, GradError when writing here would break a recorded gradient. */
export function checkInPlace(x: Tensor): void {
  checkDistinct(x);
  if (!isGradEnabled()) return;
  const refuse = (what: string, remedy: string): never => {
    throw new GradError(`${what} cannot be changed in place`, remedy);
  };
  const base = x.viewOf;
  const isParameter = (t: Tensor | undefined): boolean | undefined => t?.isLeaf && t.requiresGrad;
  const remedy = "use noGrad(), or a clone";
  if (x.path?.owner)
    refuse(`an output of ${x.path.owner} that shares memory with an input or another output`, "return a clone() from forward");
  if (isParameter(x)) refuse("a leaf that requires a gradient", remedy);
  if (isParameter(base)) refuse("a view of a leaf that requires a gradient", remedy);
  if (base?.requiresGrad && !x.requiresGrad) refuse("a view made inside noGrad()", "make it outside");
  if (base && x.path?.absolute && !base.whole) refuse("a view by strides of a part of a tensor", "clone() it first");
}

/**
 * The step that made a base out of its former self and an in-place operator on a view of it:
 * the gradient of the viewed part goes through the operator, the rest passes unchanged.
 * Source: the idea is PyTorch's CopySlices.
 */
export class CopySlices extends Node {
  readonly #inner: Node;
  readonly #self: number;
  readonly #path: ViewPath;
  /** The dimensions of the base, the one with the longest stride first. */
  readonly #order: readonly number[];

  /** `inner` is the operator's node, whose input number `self` was the view. */
  constructor(base: Tensor, path: ViewPath, inner: Node, self: number) {
    super("copySlices", inner.inputs.with(self, base.edge), base);
    this.saved = inner.saved;
    leaveNode(inner);
    this.#inner = inner;
    this.#self = self;
    this.#path = path;
    this.#order = [...base.strides.keys()].sort((a, b) => base.strides[b]! - base.strides[a]!);
  }

  /** A copy of g laid out as the base is, so that what could be seen of the base without a copy can be seen of it. */
  #laidOut(g: Tensor): Tensor {
    const order = this.#order;
    return g
      .permute(order)
      .clone()
      .permute(order.map((_, d) => order.indexOf(d)));
  }

  override apply([g]: readonly (Tensor | undefined)[], needed: readonly boolean[]): (Tensor | undefined)[] {
    if (!g) return [];
    const rest = this.#laidOut(g);
    const part = this.#path.replay(rest);
    if (!needed[this.#self]) return this.#inner.apply([part], needed);
    // The rule may keep its gradient for a second order, so that it is given one that is not written to.
    const results = this.#inner.apply([part.clone()], needed);
    const through = results[this.#self];
    if (through) part.copy_(through);
    else part.fill_(0);
    results[this.#self] = rest;
    return results;
  }
}
