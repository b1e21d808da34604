// The graph: a Node per recorded operator, edges to the nodes that made its inputs, and the tensors it saved.
import type { DType } from "../base/dtype.ts";
import { GradError, show } from "../base/errors.ts";
import { sameShape, type Shape } from "../base/shape.ts";
import type { GradHook, Tensor } from "../ops/tensor.ts";
import type {} from "./history.ts";
import { isAnomalyEnabled } from "./mode.ts";
import { enterNode, keep } from "./scope.ts";

/** Where a gradient flows: output `index` of `node`. */
export interface Edge {
  readonly node: Node;
  readonly index: number;
}

let sequence = 0;

/**
 * One step of the recorded computation. Leaves end in an Accumulate node, as in PyTorch.
 * Creation order is a topological order, so the engine needs nothing but `sequence`.
 */
export abstract class Node {
  readonly sequence: number = sequence++;
  /** The operator's name; what is only another name for an operator puts its own in. */
  name: string;
  /** One entry per input; undefined where no gradient is wanted. */
  readonly inputs: readonly (Edge | undefined)[];
  /** Shape and dtype of each output, to build zero gradients. */
  outputs: readonly { readonly shape: Shape; readonly dtype: DType }[];
  /** Hooks on the gradients of this node's outputs, by output index. */
  readonly hooks = new Map<number, Set<GradHook>>();
  /** Tensors that asked to keep the gradient of an output. */
  readonly retained = new Map<number, Tensor>();
  /** Where the operator was called, in anomaly mode. */
  readonly site: string | undefined;

  /** Saved tensors by name. */
  saved: Record<string, SavedTensor> = {};

  constructor(name: string, inputs: readonly (Edge | undefined)[], ...outputs: readonly { shape: Shape; dtype: DType }[]) {
    this.name = name;
    this.inputs = inputs;
    // Tensors among the outputs must not be held by the graph that they hold.
    this.outputs = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
    enterNode(this);
    this.site = isAnomalyEnabled() ? new Error().stack?.split("\n").slice(2).join("\n") : undefined;
  }

  /** Gradients of the outputs → gradients of the inputs, undefined where none is needed or none flows. */
  abstract apply(grads: readonly (Tensor | undefined)[], needed: readonly boolean[]): (Tensor | undefined)[];
  /** Drops saved tensors; a later apply throws. */
  release(): void {
    for (const s of Object.values(this.saved)) s.release();
  }
}

/** Brings back tensors that were given up, by running again what made them. */
export interface Rerun {
  /** Calls restore() of every tensor that it stands for. */
  run(): void;
  /** One of them is not needed any more. */
  drop(): void;
}

/** Is told of every tensor that is saved. */
let observer: ((saved: SavedTensor) => void) | undefined;

/** Runs fn and tells `tell` of every tensor saved meanwhile, in order, except to an observer further in. */
export function observed<T>(tell: (saved: SavedTensor) => void, fn: () => T): T {
  const before = observer;
  observer = tell;
  try {
    return fn();
  } finally {
    observer = before;
  }
}

/** A tensor kept for backward, with the version it had. */
export class SavedTensor {
  readonly #name: string;
  #version: number;
  #tensor: Tensor | undefined;
  readonly #output: number;
  /** In place of the tensor once it was given up: what it was, and who brings it back. */
  #absent: { readonly shape: Shape; readonly storage: unknown; readonly edge: Edge | undefined; readonly rerun: Rerun } | undefined;

  /** `output` is the tensor's index among the node's own outputs, whose edge exists only after the node; −1 for inputs. */
  constructor(name: string, tensor: Tensor, output: number) {
    this.#name = name;
    this.#tensor = keep(tensor.alias(output < 0), true);
    this.#output = output;
    this.#version = tensor.storage.version;
    observer?.(this);
  }

  get shape(): Shape | undefined {
    return this.#tensor?.shape;
  }

  /** The tensor, still part of the graph. Errors: GradError when the graph was freed or the tensor written to since. */
  unpack(node: Pick<Node, "name">): Tensor {
    this.#absent?.rerun.run();
    const tensor = this.#tensor;
    if (!tensor) throw new GradError("the graph was already freed", "retainGraph keeps it", "backward");
    if (tensor.storage.version !== this.#version)
      throw new GradError(
        `${node.name} saved ${this.#name} ${show(tensor.shape)}, changed in place since: version ${tensor.storage.version}, saved at ${this.#version}`,
        "clone it first",
        "backward",
      );
    if (this.#output >= 0 && !tensor.gradFn) tensor.setHistory(node as Node, this.#output);
    return tensor;
  }

  /** Lets go of the tensor until `rerun` restores it. False when nothing is held. */
  giveUp(rerun: Rerun): boolean {
    const tensor = this.#tensor;
    if (!tensor) return false;
    const { shape, storage, edge } = tensor;
    this.#absent = { shape, storage, edge, rerun };
    tensor.dispose();
    this.#tensor = undefined;
    return true;
  }

  /** Takes the contents of `again`, which a rerun saved at the same place; nothing if it is not absent. Errors: GradError when they cannot be the same. */
  restore(again: SavedTensor): void {
    const [before, tensor] = [this.#absent, again.#tensor];
    if (!before) return;
    if (!tensor || !sameShape(tensor.shape, before.shape))
      throw new GradError(`the second run saved ${show(tensor?.shape ?? [])} as ${this.#name}, the first ${show(before.shape)}`);
    this.#tensor = keep(tensor.alias(false), true);
    if (before.edge) this.#tensor.setHistory(before.edge.node, before.edge.index);
    // What was there before the first run must not have changed; what the run made is as old as its second making.
    if (tensor.storage !== before.storage) this.#version = again.#version;
    this.#absent = undefined;
  }

  /** Lets go of the tensor; a later unpack throws. */
  release(): void {
    this.#tensor?.dispose();
    this.#absent?.rerun.drop();
    this.#tensor = this.#absent = undefined;
  }
}

/** The sink of a leaf: adds what arrives to `leaf.grad`. */
export class Accumulate extends Node {
  /** Leaves come last. */
  override readonly sequence = -1;
  readonly leaf: Tensor;
  constructor(leaf: Tensor) {
    super("accumulateGrad", [], leaf);
    this.leaf = leaf;
  }
  override apply(): (Tensor | undefined)[] {
    return [];
  }
}

/** The node that made a tensor; undefined for leaves. */
export function nodeOf(x: Tensor): Node | undefined {
  const node = x.edge?.node;
  return node instanceof Accumulate ? undefined : node;
}
