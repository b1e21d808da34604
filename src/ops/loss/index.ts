// Losses.
import "../activation/index.ts";
import "../indexing/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, MethodsOf } from "../methods.ts";
import * as entropy from "./entropy.ts";
import * as loss from "./loss.ts";

const operators = { ...entropy, ...loss };
install(operators);

declare module "../../tensor/tensor.ts" {
  interface Tensor extends MethodsOf<typeof operators> {}
}
declare module "../methods.ts" {
  interface Functions extends FunctionsOf<typeof operators> {}
}
