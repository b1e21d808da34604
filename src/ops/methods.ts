// Types of functions and methods, derived from the operator table.
import type { Tensor } from "../tensor.ts";
import type { ops } from "./table.ts";

export type Ops = typeof ops;

/** The call signature a record carries. */
export type Signature<R> = R extends { readonly signature?: infer F } ? Exclude<F, undefined> : never;

type Method<F> = F extends (x: Tensor, ...rest: infer R extends readonly unknown[]) => infer T ? (...rest: R) => T : never;
type InPlaceNames = { [K in keyof Ops]: Ops[K] extends { readonly inplace: true } ? K : never }[keyof Ops];

/** Every operator whose first argument is a tensor, as a method; and the in-place forms. */
export type Methods = { [K in keyof Ops]: Method<Signature<Ops[K]>> } & { [K in InPlaceNames as `${K}_`]: Method<Signature<Ops[K]>> };
export type Functions = { [K in keyof Ops]: Signature<Ops[K]> };
