// Making layers whose parameters will be replaced at once.
import { described } from "../../base/copies.ts";
import { ArgumentError } from "../../base/errors.ts";
import { Module } from "../module.ts";
import { unfilled } from "./filling.ts";

/**
 * A module of this class, made with the other arguments, whose parameters are zeros where they would have been drawn: for weights that are
 * loaded next. Nothing is drawn, and the default generator stays where it is.
 * @example
 * const layer = nn.utils.skipInit(nn.Linear, 6, 1);
 * await layer.weight.tolist(); // → [[0, 0, 0, 0, 0, 0]]
 */
export function skipInit<A extends readonly unknown[], M extends Module>(moduleCls: new (...args: A) => M, ...args: A): M {
  if (!(typeof moduleCls === "function" && (moduleCls as { prototype: unknown }).prototype instanceof Module))
    throw new ArgumentError(`moduleCls is ${described(moduleCls)}, not a class of modules`, "", "skipInit");
  return unfilled(() => new moduleCls(...args));
}
