// Types of functions and methods, derived from the operator table.
import type { Tensor } from "../tensor.ts";
import type { ops } from "./table.ts";

export type Ops = typeof ops;

/** The call signature a record carries. */
export type Signature<R> = R extends { readonly signature?: infer F } ? Exclude<F, undefined> : never;

// A signature with several forms brings its method's type along: inference sees only the last form.
type Method<F> = F extends { readonly method: infer M } ? M : OneForm<F>;
type OneForm<F> = F extends (x: Tensor, ...rest: infer R extends readonly unknown[]) => infer T ? (...rest: R) => T : never;
// Operators whose second argument is the one the method is called on.
type SecondMethod<F> = F extends (first: infer A, x: never, ...rest: infer R extends readonly unknown[]) => infer T
  ? (first: A, ...rest: R) => T
  : never;
type InPlaceNames = { [K in keyof Ops]: Ops[K] extends { readonly inplace: true } ? K : never }[keyof Ops];

/** Every operator whose first argument is a tensor, as a method; and the in-place forms. */
export type Methods = {
  [K in keyof Ops]: Ops[K] extends { readonly self: 1 } ? SecondMethod<Signature<Ops[K]>> : Method<Signature<Ops[K]>>;
} & { [K in InPlaceNames as `${K}_`]: Method<Signature<Ops[K]>> };
export type Functions = { [K in keyof Ops]: Signature<Ops[K]> };
