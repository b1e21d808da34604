// User-defined operators: a forward and a backward in tensor code, with PyTorch's Function protocol.
import { GradError, show, ShapeError } from "../base/errors.ts";
import { isFloat } from "../base/dtype.ts";
import { sameShape } from "../base/shape.ts";
import { isTensor } from "../ops/arguments.ts";
import type { Tensor } from "../tensor.ts";
import { isGradEnabled, noGrad } from "./mode.ts";
import { Node, SavedTensor } from "./node.ts";

type Result = Tensor | readonly Tensor[];
interface FunctionClass<A extends readonly unknown[], R extends Result> {
  readonly name: string;
  forward(ctx: Context, ...args: A): R;
  backward(ctx: Context, ...grads: (Tensor | undefined)[]): (Tensor | null | undefined) | readonly (Tensor | null | undefined)[];
}

/** What forward leaves for backward: the step of the recorded computation that stands for one call. */
export class Context extends Node {
  readonly #owner: FunctionClass<never, Result>;
  /** What forward asked to keep, until it is recorded. */
  #toSave: readonly (Tensor | null)[] = [];
  #savedAs: readonly (SavedTensor | null)[] | undefined;
  readonly #constant = new Set<Tensor>();
  readonly #dirty = new Set<unknown>();
  /** Which inputs need a gradient, by argument position. */
  readonly needsInputGrad: readonly boolean[];
  /** Anything else backward wants to know. */
  readonly extra: Record<string, unknown> = {};

  constructor(owner: FunctionClass<never, Result>, args: readonly unknown[]) {
    super(
      owner.name,
      args.map((a) => (isTensor(a) ? a.edge : undefined)),
    );
    this.#owner = owner;
    this.needsInputGrad = this.inputs.map((edge) => edge !== undefined);
  }
  /** Keeps tensors (inputs or outputs) for backward, with a check that they are not changed in between. */
  saveForBackward(...tensors: readonly (Tensor | null)[]): void {
    this.#toSave = tensors;
  }
  /** Declares outputs without gradient. */
  markNonDifferentiable(...tensors: readonly Tensor[]): void {
    for (const x of tensors) this.#constant.add(x);
  }
  /** Declares inputs that forward changed in place. */
  markDirty(...tensors: readonly Tensor[]): void {
    for (const x of tensors) this.#dirty.add(x);
  }
  /** The saved tensors, in order. Errors: GradError when the graph was freed or one was written to. */
  get savedTensors(): (Tensor | null)[] {
    return this.#savedAs?.map((s) => s && s.unpack(this)) ?? [...this.#toSave];
  }

  /** Runs forward, once, without recording; what comes out gets this as its history. */
  call(args: readonly unknown[]): Result {
    const raw = noGrad(() => this.#owner.forward(this, ...(args as never)));
    // An input handed through is given a handle of its own, so that its history stays its own.
    const outputs = ([raw].flat() as Tensor[]).map((o) => (args.includes(o) && !this.#dirty.has(o) ? o.alias(false) : o));
    if (isGradEnabled() && this.needsInputGrad.includes(true)) this.#record(outputs);
    return Array.isArray(raw) ? outputs : outputs[0]!;
  }

  #record(outputs: readonly Tensor[]): void {
    this.outputs = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
    this.#savedAs = this.#toSave.map((x, i) => x && new SavedTensor(`saved tensor ${i}`, x, outputs.indexOf(x)));
    this.#toSave = [];
    this.saved = Object.fromEntries(this.#savedAs.filter((s) => s !== null).entries());
    outputs.forEach((o, i) => isFloat(o.dtype) && !this.#constant.has(o) && o.setHistory(this, i));
  }

  override apply(grads: readonly (Tensor | undefined)[], needed: readonly boolean[]): (Tensor | undefined)[] {
    const list = [this.#owner.backward(this, ...grads)].flat() as (Tensor | null | undefined)[];
    if (list.length > needed.length)
      throw new GradError(`backward returned ${list.length} gradients for ${needed.length} arguments`, "", this.name);
    return needed.map((need, i) => {
      const g = list[i];
      if (!need || !g) return undefined;
      const { node, index } = this.inputs[i]!;
      const { shape } = node.outputs[index]!;
      if (!sameShape(g.shape, shape))
        throw new ShapeError(`backward returned ${show(g.shape)} for argument ${i} of shape ${show(shape)}`, "", this.name);
      return g;
    });
  }
}

/**
 * Base of user-defined operators. Give a subclass static `forward(ctx, ...args)` and `backward(ctx, ...grads)`, then call `Sub.apply(...args)`.
 * backward returns one gradient per argument of forward (null for those without); written with tensor operators it can be differentiated again.
 */
export abstract class Function {
  /** Runs forward without recording and puts one node into the graph. */
  static apply<A extends readonly unknown[], R extends Result>(this: FunctionClass<A, R>, ...args: A): R {
    return new Context(this, args).call(args) as R;
  }
}
