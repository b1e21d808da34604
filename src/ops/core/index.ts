// What every tensor can do: element by element, reductions, views, products. All other kits, and autograd itself, build on it.
import { install } from "../install.ts";
import type { FunctionsOf, InternalMethodsOf, MethodsOf, Together } from "../methods.ts";
import * as arithmetic from "./arithmetic.ts";
import * as compare from "./compare.ts";
import * as convert from "./convert.ts";
import * as elementwise from "./elementwise.ts";
import * as matmul from "./matmul.ts";
import * as reduce from "./reduce.ts";
import * as view from "./view.ts";

const families = [arithmetic, compare, convert, elementwise, matmul, reduce, view] as const;
install(...families);
type Operators = Together<typeof families>;

declare module "../tensor.ts" {
  interface Tensor extends MethodsOf<Operators> {}
  /** @internal */
  interface Tensor extends InternalMethodsOf<Operators> {}
}
declare module "../methods.ts" {
  interface Functions extends FunctionsOf<Operators> {}
}
