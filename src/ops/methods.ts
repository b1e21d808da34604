// Types of functions and methods, derived from the records of a kit.
import type { Tensor } from "../tensor/tensor.ts";

/** The call signature a record carries. */
export type Signature<R> = R extends { readonly signature?: infer F } ? Exclude<F, undefined> : never;

// A signature with several forms brings its method's type along: inference sees only the last form.
type Method<F> = F extends { readonly method: infer M } ? M : OneForm<F>;
type OneForm<F> = F extends (x: Tensor, ...rest: infer R extends readonly unknown[]) => infer T ? (...rest: R) => T : never;
// Operators whose second argument is the one the method is called on.
type SecondMethod<F> = F extends (first: infer A, x: never, ...rest: infer R extends readonly unknown[]) => infer T
  ? (first: A, ...rest: R) => T
  : never;
type InPlaceNames<T> = { [K in keyof T]: T[K] extends { readonly inplace: true } ? K & string : never }[keyof T];

/** Every operator of a table whose first argument is a tensor, as a method; and the in-place forms. */
export type MethodsOf<T> = {
  [K in keyof T]: T[K] extends { readonly self: 1 } ? SecondMethod<Signature<T[K]>> : Method<Signature<T[K]>>;
} & { [K in InPlaceNames<T> as `${K}_`]: Method<Signature<T[K]>> };
export type FunctionsOf<T> = { [K in keyof T]: Signature<T[K]> };

/** Every operator as a function; each kit declares its own. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface Functions {}
