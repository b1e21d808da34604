// Types of functions and methods, derived from the records of a kit.
import type { Tensor } from "./tensor.ts";

/** The call signature a record carries. */
export type Signature<R> = R extends { readonly signature?: infer F } ? Exclude<F, undefined> : never;

// A signature with several forms brings its method's type along: inference sees only the last form.
type Method<F> = F extends { readonly method: infer M } ? M : OneForm<F>;
type OneForm<F> = F extends (x: Tensor, ...rest: infer R extends readonly unknown[]) => infer T ? (...rest: R) => T : never;
// Operators whose second argument is the one the method is called on.
type SecondMethod<F> = F extends (first: infer A, x: never, ...rest: infer R extends readonly unknown[]) => infer T
  ? (first: A, ...rest: R) => T
  : never;
/** A record as a method of the tensor that its first argument is, or its second where `self` says so. */
export type MethodOf<R> = R extends { readonly self: 1 } ? SecondMethod<Signature<R>> : Method<Signature<R>>;

/** Every operator as a function; each kit declares its own. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface Functions {}
