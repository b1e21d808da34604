// User-defined operators: a forward and a backward in tensor code, with PyTorch's Function protocol.
import { isFloat } from "../base/dtype.ts";
import { GradError, ShapeError, show, under } from "../base/errors.ts";
import { exactly } from "../base/reading.ts";
import { sameShape } from "../base/shape.ts";
import { isTensor, operand } from "../ops/arguments.ts";
import type { Tensor } from "../ops/tensor.ts";
import { sealed } from "./inplace.ts";
import { isGradEnabled, noGrad } from "./mode.ts";
import { Node, SavedTensor } from "./node.ts";
import { keep } from "./scope.ts";

type Result = Tensor | readonly Tensor[];
interface FunctionClass<A extends readonly unknown[], R extends Result> {
  readonly name: string;
  forward(ctx: Context, ...args: A): R;
  backward(ctx: Context, ...grads: (Tensor | undefined)[]): (Tensor | null | undefined) | readonly (Tensor | null | undefined)[];
}

/**
 * What forward leaves for backward: the step of the recorded computation that stands for one call.
 * @example
 * class Clip extends autograd.Function {
 *   static forward(ctx: autograd.Context, x: Tensor, limit: number): Tensor {
 *     ctx.extra["limit"] = limit;
 *     ctx.saveForBackward(x);
 *     return x.clamp(-limit, limit);
 *   }
 *   static backward(ctx: autograd.Context, g: Tensor): (Tensor | null)[] {
 *     const [x] = ctx.savedTensors;
 *     return [g.mul(x!.abs().le(ctx.extra["limit"] as number)), null];
 *   }
 * }
 * const x = tensor([0.5, 2], { requiresGrad: true });
 * Clip.apply(x, 1).sum().backward();
 * await x.grad!.tolist(); // → [1, 0]
 */
export class Context extends Node {
  readonly #owner: FunctionClass<never, Result>;
  /** What forward asked to keep, until it is recorded. */
  #toSave: readonly (Tensor | null)[] = [];
  #savedAs: readonly (SavedTensor | null)[] | undefined;
  readonly #constant = new Set<Tensor>();
  readonly #dirty = new Set<Tensor>();
  /** A zero of the dtype and device of each output, for gradients that do not come. */
  #zeros: readonly Tensor[] | undefined;
  #materialize = true;
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
    this.#toSave = under(this.name, () => tensors.map((x, i) => x && operand(x, `saved tensor ${i}`)));
  }
  /** Declares outputs without gradient. */
  markNonDifferentiable(...tensors: readonly Tensor[]): void {
    for (const x of tensors) this.#constant.add(under(this.name, () => operand(x, "an output")));
  }
  /** Declares inputs that forward changed in place. */
  markDirty(...tensors: readonly Tensor[]): void {
    for (const x of tensors) this.#dirty.add(under(this.name, () => operand(x, "an input")));
  }
  /** Whether backward is given zeros (the default) or undefined for outputs that no gradient reaches. */
  setMaterializeGrads(value: boolean): void {
    this.#materialize = value;
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
    for (const x of this.#dirty)
      if (!args.includes(x) || !outputs.includes(x))
        throw new GradError("what markDirty names must be an input and an output", "return it from forward", this.name);
    if (isGradEnabled() && this.needsInputGrad.includes(true)) under(this.name, () => this.#record(args, outputs));
    return Array.isArray(raw) ? outputs : outputs[0]!;
  }

  #record(args: readonly unknown[], outputs: readonly Tensor[]): void {
    this.outputs = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
    this.#savedAs = this.#toSave.map((x, i) => x && new SavedTensor(`tensor ${i}`, x, outputs.indexOf(x)));
    this.#toSave = [];
    this.saved = Object.fromEntries(this.#savedAs.filter((s) => s !== null).entries());
    if (this.#materialize) this.#zeros = outputs.map((o) => keep(o.filledLike(0, []), true));
    for (const x of this.#dirty) this.#rewrite(x, args.indexOf(x), outputs.indexOf(x));
    const inputs = args.filter(isTensor);
    outputs.forEach((o, i) => {
      if (!isFloat(o.dtype) || this.#constant.has(o) || this.#dirty.has(o)) return;
      const shared = [...inputs, ...outputs.slice(0, i)].find((other) => other.storage === o.storage);
      if (shared) o.seenFrom(shared.viewOf ?? shared, sealed(this.name));
      else o.seenFrom();
      o.setHistory(this, i);
    });
  }

  /** Gives an input that forward changed in place its new history. Errors: GradError where an in-place operator would be refused. */
  #rewrite(x: Tensor, place: number, index: number): void {
    x.checkInPlace();
    if (x.viewOf && this.outputs.length > 1)
      throw new GradError("a view changed in place must be the only output", "clone() the others in a Function of their own");
    x.rebase(this, place, index);
  }

  override apply(grads: readonly (Tensor | undefined)[], needed: readonly boolean[]): (Tensor | undefined)[] {
    const given = this.#zeros?.map((zero, i) => grads[i] ?? zero.filledLike(0, this.outputs[i]!.shape)) ?? grads;
    const list = [this.#owner.backward(this, ...given)].flat() as (Tensor | null | undefined)[];
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
  static {
    exactly(this.prototype, "setMaterializeGrads");
  }
}

/**
 * Base of user-defined operators. Give a subclass static `forward(ctx, ...args)` and `backward(ctx, ...grads)`, then call `Sub.apply(...args)`.
 * backward returns one gradient per argument of forward (null for those without); written with tensor operators it can be differentiated again.
 * @example
 * class Cube extends autograd.Function {
 *   static forward(ctx: autograd.Context, x: Tensor): Tensor {
 *     ctx.saveForBackward(x);
 *     return x.pow(3);
 *   }
 *   static backward(ctx: autograd.Context, g: Tensor): Tensor {
 *     const [x] = ctx.savedTensors;
 *     return g.mul(x!.square()).mul(3);
 *   }
 * }
 * const x = tensor([1, 2], { requiresGrad: true });
 * Cube.apply(x).sum().backward();
 * await x.grad!.tolist(); // → [3, 12]
 */
export abstract class Function {
  /** Runs forward without recording and puts one node into the graph. */
  static apply<A extends readonly unknown[], R extends Result>(this: FunctionClass<A, R>, ...args: A): R {
    return new Context(this, args).call(args) as R;
  }
}
