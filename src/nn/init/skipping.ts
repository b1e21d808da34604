// Making layers whose parameters will be replaced at once.
import type { Module } from "../module.ts";
import { unfilled } from "./filling.ts";

/**
 * A module of this class, made with the other arguments, whose parameters are zeros where they would have been drawn: for weights that are
 * loaded next. Nothing is drawn, and the default generator stays where it is.
 * @example
 * const layer = nn.utils.skipInit(nn.Linear, 6, 1);
 * await layer.weight.tolist(); // → [[0, 0, 0, 0, 0, 0]]
 */
export function skipInit<A extends readonly unknown[], M extends Module>(moduleCls: new (...args: A) => M, ...args: A): M {
  return unfilled(() => new moduleCls(...args));
}
