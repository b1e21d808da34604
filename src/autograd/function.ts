// User-defined operators: a forward and a backward in tensor code, with PyTorch's Function protocol.
import { GradError, show, ShapeError } from "../base/errors.ts";
import { isFloat } from "../base/dtype.ts";
import { sameShape } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { isGradEnabled, noGrad } from "./mode.ts";
import { type Edge, Node, SavedTensor } from "./node.ts";

/** What forward leaves for backward. */
export class Context {
  readonly #name: string;
  #toSave: readonly (Tensor | null)[] = [];
  #saved: readonly (SavedTensor | null)[] = [];
  #node: Node | undefined;
  readonly #constant = new Set<Tensor>();
  readonly #dirty = new Set<Tensor>();
  /** Which inputs need a gradient, by argument position. */
  needsInputGrad: readonly boolean[] = [];
  /** Anything else backward wants to know. */
  readonly extra: Record<string, unknown> = {};

  constructor(name: string) {
    this.#name = name;
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
    if (!this.#node) return [...this.#toSave];
    return this.#saved.map((s) => s && s.unpack(this.#node!));
  }
  isConstant(x: Tensor): boolean {
    return this.#constant.has(x);
  }
  isDirty(x: Tensor): boolean {
    return this.#dirty.has(x);
  }
  /** Called once by apply when the node exists. */
  bind(node: Node, outputs: readonly Tensor[]): readonly SavedTensor[] {
    this.#saved = this.#toSave.map((x, i) => x && new SavedTensor(this.#name, `saved tensor ${i}`, x, outputs.indexOf(x)));
    this.#toSave = [];
    this.#node = node;
    return this.#saved.filter((s): s is SavedTensor => s !== null);
  }
}

type Result = Tensor | readonly Tensor[];
interface FunctionClass<A extends readonly unknown[], R extends Result> {
  readonly name: string;
  forward(ctx: Context, ...args: A): R;
  backward(ctx: Context, ...grads: (Tensor | undefined)[]): (Tensor | null | undefined) | readonly (Tensor | null | undefined)[];
}

/**
 * Base of user-defined operators. Give a subclass static `forward(ctx, ...args)` and `backward(ctx, ...grads)`, then call `Sub.apply(...args)`.
 * backward returns one gradient per argument of forward (null for those without); written with tensor operators it can be differentiated again.
 */
export abstract class Function {
  /** Runs forward without recording and puts one node into the graph. */
  static apply<A extends readonly unknown[], R extends Result>(this: FunctionClass<A, R>, ...args: A): R {
    const ctx = new Context(this.name);
    const isTensor = (v: unknown): v is Tensor => typeof v === "object" && v !== null && "storage" in v;
    ctx.needsInputGrad = args.map((a) => isTensor(a) && a.requiresGrad);
    const edges = args.map((a) => (isTensor(a) ? a.edge : undefined));
    const raw = noGrad(() => this.forward(ctx, ...args));
    const several = Array.isArray(raw);
    // An input handed through is given a handle of its own, so that its history stays its own.
    const outputs = ((several ? raw : [raw]) as Tensor[]).map((o) =>
      (args as readonly unknown[]).includes(o) && !ctx.isDirty(o) ? o.alias(false) : o,
    );
    if (isGradEnabled() && edges.some(Boolean)) {
      const shapes = args.map((a) => (isTensor(a) ? a.shape : undefined));
      const node = new FunctionNode(this.name, edges, outputs, ctx, shapes, (grads) => this.backward(ctx, ...grads));
      outputs.forEach((o, i) => isFloat(o.dtype) && !ctx.isConstant(o) && o.setHistory(node, i));
    }
    return (several ? outputs : outputs[0]) as R;
  }
}

type Run = (grads: readonly (Tensor | undefined)[]) => ReturnType<FunctionClass<readonly unknown[], Result>["backward"]>;
class FunctionNode extends Node {
  readonly #run: Run;
  readonly #shapes: readonly (readonly number[] | undefined)[];

  constructor(
    name: string,
    edges: readonly (Edge | undefined)[],
    outputs: readonly Tensor[],
    ctx: Context,
    shapes: readonly (readonly number[] | undefined)[],
    run: Run,
  ) {
    super(name, edges, ...outputs);
    this.#run = run;
    this.#shapes = shapes;
    this.saved = Object.fromEntries(ctx.bind(this, outputs).entries());
  }
  override apply(grads: readonly (Tensor | undefined)[], needed: readonly boolean[]): (Tensor | undefined)[] {
    const given = this.#run(grads);
    const list = [given].flat() as (Tensor | null | undefined)[];
    if (list.length > needed.length)
      throw new GradError(this.name, `backward returned ${list.length} gradients for ${needed.length} arguments`);
    return needed.map((need, i) => {
      const g = list[i];
      if (!need || !g) return undefined;
      const shape = this.#shapes[i]!;
      if (!sameShape(g.shape, shape))
        throw new ShapeError(this.name, `backward returned ${show(g.shape)} for argument ${i} of shape ${show(shape)}`);
      return g;
    });
  }
}
