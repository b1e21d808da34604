// Installs the operator table: Tensor methods, their in-place forms, and the function namespace.
import { apply, applyInPlace } from "./dispatch.ts";
import type { Functions } from "./ops/methods.ts";
import { type AnyOp, isView } from "./ops/op.ts";
import { ops } from "./ops/table.ts";
import { printing } from "./print.ts";
import { selections } from "./selection.ts";
import { Tensor } from "./tensor.ts";

const define = (name: string | symbol, value: (this: Tensor, ...rest: unknown[]) => unknown): void => {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
};

const table: Record<string, (...args: unknown[]) => unknown> = {};
for (const [name, op] of Object.entries(ops) as [string, AnyOp][]) {
  table[name] = (...args) => apply(op, args);
  const at = op.self ?? 0;
  if (at < 0) continue;
  define(name, function (...rest) {
    return apply(op, at === 0 ? [this, ...rest] : [...rest.slice(0, at), this, ...rest.slice(at)]);
  });
  if (!isView(op) && op.inplace)
    define(`${name}_`, function (...rest) {
      return applyInPlace(op, [this, ...rest]);
    });
}

const extras = { ...selections, ...printing } as Record<string | symbol, (x: Tensor, ...rest: unknown[]) => unknown>;
for (const name of Reflect.ownKeys(extras))
  define(name, function (...rest) {
    return extras[name]!(this, ...rest);
  });

/** Every operator as a function. */
export const functions = table as unknown as Functions;
