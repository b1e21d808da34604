// The functions of analysis (circular, hyperbolic, error functions), rounding, bits, and operators of three operands.
import "../core/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, MethodsOf } from "../methods.ts";
import * as bits from "./bits.ts";
import * as finite from "./finite.ts";
import * as fused from "./fused.ts";
import * as rounding from "./rounding.ts";
import * as transcendental from "./transcendental.ts";

const operators = { ...bits, ...finite, ...fused, ...rounding, ...transcendental };
install(operators);

declare module "../../tensor/tensor.ts" {
  interface Tensor extends MethodsOf<typeof operators> {}
}
declare module "../methods.ts" {
  interface Functions extends FunctionsOf<typeof operators> {}
}
