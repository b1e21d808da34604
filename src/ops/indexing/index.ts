// Choosing, joining and rearranging elements; scans; the largest and their places.
import "../core/index.ts";
import { install } from "../install.ts";
import type { FunctionsOf, MethodsOf } from "../methods.ts";
import * as arrange from "./arrange.ts";
import * as cut from "./cut.ts";
import * as extrema from "./extrema.ts";
import * as gather from "./gather.ts";
import * as indexing from "./indexing.ts";
import * as layout from "./layout.ts";
import * as scan from "./scan.ts";
import * as strided from "./strided.ts";

const operators = { ...arrange, ...cut, ...extrema, ...gather, ...indexing, ...layout, ...scan, ...strided };
install(operators);

declare module "../../tensor/tensor.ts" {
  interface Tensor extends MethodsOf<typeof operators> {}
}
declare module "../methods.ts" {
  interface Functions extends FunctionsOf<typeof operators> {}
}
