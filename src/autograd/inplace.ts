// Writing in place through views: what may be written, and how the history of the tensor behind a view is rewritten.
import { ArgumentError, GradError, show } from "../base/errors.ts";
import { isContiguous } from "../base/shape.ts";
import { overlaps } from "../ops/restride.ts";
import type { Tensor } from "../tensor.ts";
import { edgeOf } from "./engine.ts";
import { isGradEnabled } from "./mode.ts";
import { type Edge, Node, type SavedTensor } from "./node.ts";

/** How a view came about, so that it can be made again from a changed base. */
export interface ViewPath {
  /** The same view of another tensor in the shape of the base. */
  readonly replay: (base: Tensor) => Tensor;
  /** True when the path names places in storage, which are only the same in a base that fills its storage. */
  readonly absolute: boolean;
}

/** Errors: ArgumentError when elements of x share memory, GradError when writing here would break a recorded gradient. */
export function checkInPlace(x: Tensor, op: string): void {
  if (overlaps(x))
    throw new ArgumentError(
      op,
      `several elements of ${show(x.shape)} with strides ${show(x.strides)} share one place in memory`,
      "clone() it first",
    );
  if (!isGradEnabled()) return;
  const leaf = (t: Tensor): boolean => t.isLeaf && t.requiresGrad;
  const base = x.viewOf;
  if (leaf(x))
    throw new GradError(op, "a leaf that requires a gradient cannot be changed in place", "wrap it in noGrad(), or work on a clone");
  if (base && leaf(base))
    throw new GradError(
      op,
      "a view of a leaf that requires a gradient cannot be changed in place",
      "wrap it in noGrad(), or work on a clone",
    );
  if (base?.requiresGrad && !x.requiresGrad)
    throw new GradError(
      op,
      "a view made inside noGrad() cannot be changed in place while gradients are recorded",
      "make the view outside, or write inside noGrad()",
    );
  if (base && x.path?.absolute && !(isContiguous(base) && base.offset === 0 && base.storage.elements === base.size))
    throw new GradError(
      op,
      "a view by explicit strides of a tensor that is itself a part of another cannot be changed in place while gradients are recorded",
      "clone() the part first",
    );
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

  /** `inner` is the operator's node, whose input number `self` was the view. */
  constructor(base: Tensor, path: ViewPath, inner: Node, self: number) {
    const edges: (Edge | undefined)[] = inner.inputs.map((e, i) => (i === self ? edgeOf(base) : e));
    super("copySlices", edges, [{ shape: base.shape, dtype: base.dtype }]);
    this.#inner = inner;
    this.#self = self;
    this.#path = path;
  }

  override apply(grads: readonly (Tensor | undefined)[], needed: readonly boolean[]): (Tensor | undefined)[] {
    const g = grads[0];
    if (!g) return [];
    const results = this.#inner.apply([this.#path.replay(g)], needed);
    if (needed[this.#self]) {
      const rest = g.clone();
      const part = this.#path.replay(rest);
      const through = results[this.#self];
      if (through) part.copy_(through);
      else part.fill_(0);
      results[this.#self] = rest;
    }
    return results;
  }

  override release(): void {
    this.#inner.release();
  }
  override get saved(): Readonly<Record<string, SavedTensor>> {
    return this.#inner.saved;
  }
}
