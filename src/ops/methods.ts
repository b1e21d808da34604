// Types of functions and methods, derived from the records of a kit.
import type { InPlace, Internal } from "./op.ts";
import type { Tensor } from "./tensor.ts";

/** All operators of the families of a kit; what a family says of them stays with them. */
export type Together<Families extends readonly unknown[]> = Families extends readonly [infer First, ...infer Rest]
  ? First & Together<Rest>
  : unknown;

/** The call signature a record carries. */
export type Signature<R> = R extends { readonly signature?: infer F } ? Exclude<F, undefined> : never;

// A signature with several forms brings its method's type along: inference sees only the last form.
type Method<F> = F extends { readonly method: infer M } ? M : OneForm<F>;
type OneForm<F> = F extends (x: Tensor, ...rest: infer R extends readonly unknown[]) => infer T ? (...rest: R) => T : never;
// Operators whose second argument is the one the method is called on.
type SecondMethod<F> = F extends (first: infer A, x: never, ...rest: infer R extends readonly unknown[]) => infer T
  ? (first: A, ...rest: R) => T
  : never;
type InPlaceNames<T> = { [K in keyof T]: T[K] extends InPlace ? K & string : never }[keyof T];
type InternalNames<T> = { [K in keyof T]: T[K] extends Internal ? K : never }[keyof T];
type Methods<T> = { [K in keyof T]: T[K] extends { readonly self: 1 } ? SecondMethod<Signature<T[K]>> : Method<Signature<T[K]>> };

/** Every operator of a kit whose first argument is a tensor, as a method; and the in-place forms. */
export type MethodsOf<T> = Methods<Pick<T, Exclude<keyof T, InternalNames<T>>>> & {
  [K in InPlaceNames<T> as `${K}_`]: Method<Signature<T[K]>>;
};
/** The same of those that only the library calls. */
export type InternalMethodsOf<T> = Methods<Pick<T, InternalNames<T>>>;
export type FunctionsOf<T> = { [K in keyof T]: Signature<T[K]> };

/** Every operator as a function; each kit declares its own. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface Functions {}
