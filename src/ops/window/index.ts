// Convolutions and pools.
import "../indexing/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, InternalMethodsOf, MethodsOf, Together } from "../methods.ts";
import * as conv from "./conv.ts";
import * as convnd from "./convnd.ts";
import * as pool from "./pool.ts";

const families = [conv, convnd, pool] as const;
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
