// Activation functions, softmax among them.
import "../math/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, MethodsOf } from "../methods.ts";
import * as activation from "./activation.ts";
import * as softmax from "./softmax.ts";

const operators = { ...activation, ...softmax };
install(operators);

declare module "../../tensor/tensor.ts" {
  interface Tensor extends MethodsOf<typeof operators> {}
}
declare module "../methods.ts" {
  interface Functions extends FunctionsOf<typeof operators> {}
}
