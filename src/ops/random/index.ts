// Random numbers, from counters and from the host's generator, and dropout.
import "../core/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, MethodsOf } from "../methods.ts";
import * as dropout from "./dropout.ts";
import * as filling from "./filling.ts";
import * as random from "./random.ts";

const operators = { ...dropout, ...filling, ...random };
install(operators);

declare module "../../tensor/tensor.ts" {
  interface Tensor extends MethodsOf<typeof operators> {}
}
declare module "../methods.ts" {
  interface Functions extends FunctionsOf<typeof operators> {}
}
