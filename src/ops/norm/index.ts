// Norms, variances, and normalisation by them.
import "../indexing/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, InternalMethodsOf, MethodsOf, Together } from "../methods.ts";
import * as normalize from "./normalize.ts";
import * as spread from "./spread.ts";

const families = [normalize, spread] as const;
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
