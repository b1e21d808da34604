// Puts the operators of wengert/extra on Tensor, with their types.
import "../kits/all.ts";
import { functions as table, install } from "../methods.ts";
import type { FunctionsOf, MethodsOf } from "../ops/methods.ts";
import * as activation from "./activation.ts";
import * as arrange from "./arrange.ts";
import * as bits from "./bits.ts";
import * as draw from "./draw.ts";
import * as dropout from "./dropout.ts";
import * as elementwise from "./elementwise.ts";
import * as gather from "./gather.ts";
import * as loss from "./loss.ts";
import type { extras } from "./table.ts";

install(activation, arrange, bits, draw, dropout, elementwise, gather, loss);

declare module "../tensor.ts" {
  interface Tensor extends MethodsOf<typeof extras> {}
}

/** The operators of wengert/extra as functions. */
export const functions = table as unknown as FunctionsOf<typeof extras>;
