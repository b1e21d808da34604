// Activation functions, softmax among them.
import "../math/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, InternalMethodsOf, MethodsOf, Together } from "../methods.ts";
import * as activation from "./activation.ts";
import * as softmax from "./softmax.ts";

const families = [activation, softmax] as const;
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
