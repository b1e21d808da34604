// The functions of analysis (circular, hyperbolic, error functions), rounding, bits, and operators of three operands.
import "../core/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, InternalMethodsOf, MethodsOf, Together } from "../methods.ts";
import * as bits from "./bits.ts";
import * as finite from "./finite.ts";
import * as fused from "./fused.ts";
import * as rounding from "./rounding.ts";
import * as transcendental from "./transcendental.ts";

const families = [bits, finite, fused, rounding, transcendental] as const;
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
