// Calling a module with hooks around its forward, and around its place in the graph.
import { type Context, Function } from "../autograd/function.ts";
import { Tensor } from "../tensor.ts";
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

/** Adds to a set; the handle takes it out again. */
export function hooked<T>(set: Set<T>, hook: T): HookHandle {
  // A wrapper of its own for every registration, so that the same function may be registered twice.
  set.add(hook);
  return { remove: () => void set.delete(hook) };
}

/** Runs `forward` between two identity nodes that report the gradients passing through them. */
export function watched(
  module: Module,
  hooks: ReadonlySet<BackwardHook>,
  args: readonly unknown[],
  forward: (args: readonly unknown[]) => unknown,
): unknown {
  const at = args.flatMap((a, i) => (a instanceof Tensor ? [i] : []));
  const flowing = at.some((i) => (args[i] as Tensor).requiresGrad);
  let gradOutput: readonly (Tensor | undefined)[] = [];
  const report = (gradInput: readonly (Tensor | undefined)[]): readonly (Tensor | undefined)[] => {
    let current = gradInput;
    for (const hook of hooks) current = hook(module, current, gradOutput) ?? current;
    return current;
  };
  class InputGradients extends Function {
    static forward(_ctx: Context, ...xs: Tensor[]): Tensor[] {
      return xs;
    }
    static backward(_ctx: Context, ...grads: (Tensor | undefined)[]): readonly (Tensor | undefined)[] {
      return report(grads);
    }
  }
  class OutputGradients extends Function {
    static forward(_ctx: Context, ...xs: Tensor[]): Tensor[] {
      return xs;
    }
    static backward(_ctx: Context, ...grads: (Tensor | undefined)[]): readonly (Tensor | undefined)[] {
      gradOutput = grads;
      if (!flowing) report(at.map(() => undefined));
      return grads;
    }
  }
  const given = [...args];
  if (flowing) InputGradients.apply(...at.map((i) => args[i] as Tensor)).forEach((x, k) => (given[at[k]!] = x));
  const output = forward(given);
  if (output instanceof Tensor) return OutputGradients.apply(output)[0];
  if (!Array.isArray(output)) return output;
  const tensors = output.flatMap((o, i) => (o instanceof Tensor ? [i] : []));
  const replaced = [...(output as unknown[])];
  OutputGradients.apply(...tensors.map((i) => output[i] as Tensor)).forEach((x, k) => (replaced[tensors[k]!] = x));
  return replaced;
}
