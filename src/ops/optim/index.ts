// The steps of optimisers.
import "../core/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, MethodsOf } from "../methods.ts";
import * as adam from "./adam.ts";
import * as sgd from "./sgd.ts";

const operators = { ...sgd, ...adam };
install(operators);

declare module "../../tensor/tensor.ts" {
  interface Tensor extends MethodsOf<typeof operators> {}
}
declare module "../methods.ts" {
  interface Functions extends FunctionsOf<typeof operators> {}
}
