// The steps of optimisers.
import "../core/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, InternalMethodsOf, MethodsOf, Together } from "../methods.ts";
import * as adam from "./adam.ts";
import * as sgd from "./sgd.ts";

const families = [sgd, adam] as const;
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
