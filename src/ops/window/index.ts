// Convolutions and pools.
import "../indexing/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, MethodsOf } from "../methods.ts";
import * as conv from "./conv.ts";
import * as convnd from "./convnd.ts";
import * as pool from "./pool.ts";

const operators = { ...conv, ...convnd, ...pool };
install(operators);

declare module "../../tensor/tensor.ts" {
  interface Tensor extends MethodsOf<typeof operators> {}
}
declare module "../methods.ts" {
  interface Functions extends FunctionsOf<typeof operators> {}
}
