// Calling a module with hooks around its forward, and around its place in the graph.
import { isGradEnabled } from "../autograd/mode.ts";
import { Node } from "../autograd/node.ts";
import { isFloat } from "../base/dtype.ts";
import { callable, takes } from "../base/reading.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** Sees the arguments before forward; a list it returns replaces them. */
export type ForwardPreHook = (module: Module, args: readonly unknown[]) => readonly unknown[] | void;
/** Sees the arguments and the result of forward; what it returns (if anything) replaces the result. */
export type ForwardHook = (module: Module, args: readonly unknown[], output: unknown) => unknown;
/** Sees the gradients of a module's tensor arguments and outputs; a list it returns replaces the former. */
export type BackwardHook = (
  module: Module,
  gradInput: readonly (Tensor | undefined)[],
  gradOutput: readonly (Tensor | undefined)[],
) => readonly (Tensor | undefined)[] | void;
export interface HookHandle {
  remove(): void;
}

/** Adds a hook to a set; the handle takes it out again. */
export function hooked<A extends readonly unknown[], R>(set: Set<(...args: A) => R>, hook: (...args: A) => R): HookHandle {
  // A wrapper of its own for every registration, so that the same function may be registered twice.
  callable("hook", hook, "hook");
  const own = (...args: A): R => hook(...args);
  set.add(own);
  return { remove: (...rest: []) => void (takes("remove", rest, 0), set.delete(own)) };
}

type Gradients = readonly (Tensor | undefined)[];

/** A node that hands gradients on through a function. */
class Tap extends Node {
  readonly #report: (gradients: Gradients) => Gradients;
  constructor(tensors: readonly Tensor[], report: (gradients: Gradients) => Gradients) {
    super(
      "backwardHook",
      tensors.map((x) => x.edge),
      ...tensors,
    );
    this.#report = report;
  }
  override apply(gradients: Gradients): (Tensor | undefined)[] {
    return [...this.#report(this.outputs.map((_, i) => gradients[i]))];
  }
}

/** The list with its tensors behind one Tap. */
function tapped(values: readonly unknown[], report: (gradients: Gradients) => Gradients): readonly unknown[] {
  const tensors = values.filter((v) => v instanceof Tensor);
  if (!isGradEnabled() || !tensors.some((x) => x.requiresGrad)) return values;
  const tap = new Tap(tensors, report);
  const through = tensors.map((x, i) => {
    const y = x.alias(false);
    if (isFloat(x.dtype)) y.setHistory(tap, i);
    return y;
  });
  return values.map((v) => (v instanceof Tensor ? through.shift() : v));
}

/** Runs `forward` between two nodes that report the gradients passing through them. */
export function watched(
  module: Module,
  hooks: ReadonlySet<BackwardHook>,
  args: readonly unknown[],
  forward: (args: readonly unknown[]) => unknown,
): unknown {
  const inputs = args.filter((a) => a instanceof Tensor);
  const flowing = inputs.some((x) => x.requiresGrad);
  let gradOutput: Gradients = [];
  const report = (gradInput: Gradients): Gradients => {
    let current = gradInput;
    for (const hook of hooks) current = hook(module, current, gradOutput) ?? current;
    return current;
  };
  const output = forward(flowing ? tapped(args, report) : args);
  const several = Array.isArray(output);
  if (!several && !(output instanceof Tensor)) return output;
  const seen = tapped(several ? (output as unknown[]) : [output], (gradients) => {
    gradOutput = gradients;
    if (!flowing) report(inputs.map(() => undefined));
    return gradients;
  });
  return several ? seen : seen[0];
}
