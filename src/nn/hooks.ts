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

/** The hooks of all modules: they run before a module's own. */
export const everywhere: {
  readonly before: Set<ForwardPreHook>;
  readonly after: Set<ForwardHook>;
  readonly backward: Set<BackwardHook>;
} = { before: new Set(), after: new Set(), backward: new Set() };

/**
 * The hook runs before the forward of every module, until its handle removes it: for looking into programs.
 * @example
 * const called: string[] = [];
 * const handle = nn.registerModuleForwardPreHook((module) => void called.push(module.constructor.name));
 * new nn.Sequential(new nn.ReLU(), new nn.Tanh()).call(ones(2));
 * handle.remove();
 * called; // → ["Sequential", "ReLU", "Tanh"]
 */
export function registerModuleForwardPreHook(hook: ForwardPreHook): HookHandle {
  takes("registerModuleForwardPreHook", arguments, 1);
  return hooked(everywhere.before, hook);
}
/**
 * The hook runs after the forward of every module, until its handle removes it.
 * @example
 * const shapes: (readonly number[])[] = [];
 * const handle = nn.registerModuleForwardHook((_module, _args, output) => void shapes.push((output as Tensor).shape));
 * new nn.Sequential(new nn.Linear(3, 4), new nn.Linear(4, 2)).call(ones(5, 3));
 * handle.remove();
 * shapes; // → [[5, 4], [5, 2], [5, 2]]
 */
export function registerModuleForwardHook(hook: ForwardHook): HookHandle {
  takes("registerModuleForwardHook", arguments, 1);
  return hooked(everywhere.after, hook);
}
/**
 * The hook runs in backward for every module that is called while it is registered, once the gradients of all tensor arguments are known.
 * @example
 * const passed: string[] = [];
 * const handle = nn.registerModuleFullBackwardHook((module) => void passed.push(module.constructor.name));
 * new nn.Sequential(new nn.Linear(2, 2), new nn.Tanh()).call(ones(2)).sum().backward();
 * handle.remove();
 * passed; // → ["Sequential", "Tanh", "Linear"]
 */
export function registerModuleFullBackwardHook(hook: BackwardHook): HookHandle {
  takes("registerModuleFullBackwardHook", arguments, 1);
  return hooked(everywhere.backward, hook);
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
  own: ReadonlySet<BackwardHook>,
  args: readonly unknown[],
  forward: (args: readonly unknown[]) => unknown,
): unknown {
  const inputs = args.filter((a) => a instanceof Tensor);
  const flowing = inputs.some((x) => x.requiresGrad);
  let gradOutput: Gradients = [];
  const report = (gradInput: Gradients): Gradients => {
    let current = gradInput;
    for (const hook of [...everywhere.backward, ...own]) current = hook(module, current, gradOutput) ?? current;
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
