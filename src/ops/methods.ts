// Types of functions and methods, derived from the records of a kit.
import type { Tensor } from "./tensor.ts";

/** The call signature a record carries. */
export type Signature<R> = R extends { readonly signature?: infer F } ? Exclude<F, undefined> : never;

// A rest that is one of several tuples reads as several ways to call: editors show sum(dim?, keepdim?, options?), and the next.
type Ways<P extends readonly unknown[], T> = P extends readonly unknown[] ? (...args: P) => T : never;
type All<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer A) => void ? A : never;

// A signature with several forms brings its method's type along, `method?: never` where it is none: inference sees only the last form.
type Method<F> = F extends { readonly method: infer M } ? M : OneForm<F>;
type OneForm<F> = F extends (x: Tensor, ...rest: infer P extends readonly unknown[]) => infer T ? All<Ways<P, T>> : never;
// Operators whose second argument is the one the method is called on.
type SecondMethod<F> = F extends (first: infer A, x: never, ...rest: infer P extends readonly unknown[]) => infer T
  ? (first: A, ...rest: P) => T
  : never;
/** A record as a method of the tensor that its first argument is, or its second where `self` says so. */
export type MethodOf<R> = R extends { readonly self: 1 } ? SecondMethod<Signature<R>> : Method<Signature<R>>;
/** A record as a function. */
export type FunctionOf<R> = "method" extends keyof Signature<R> ? Signature<R> : Spelt<Signature<R>>;
/** A function whose ways to call are told apart. */
export type Spelt<F> = F extends (...args: infer P) => infer T ? All<Ways<P, T>> : never;

/** Every operator as a function; each kit declares its own. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface Functions {}
