// Norms, variances, and normalisation by them.
import "../indexing/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, MethodsOf } from "../methods.ts";
import * as normalize from "./normalize.ts";
import * as spread from "./spread.ts";

const operators = { ...normalize, ...spread };
install(operators);

declare module "../../tensor/tensor.ts" {
  interface Tensor extends MethodsOf<typeof operators> {}
}
declare module "../methods.ts" {
  interface Functions extends FunctionsOf<typeof operators> {}
}
