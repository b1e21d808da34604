// Layers without parameters, as rows: a name, the options with their defaults, and the operator that takes input and options.
import { parse } from "../base/options.ts";
import { fields } from "../base/python.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** A module with one tensor in and one out, whose options `O` are its properties. */
export type Layer<O = object> = OneToOne & Readonly<O>;
interface OneToOne extends Module {
  forward(x: Tensor): Tensor;
}
/** Its class: takes options by position, as in the tuple A, or by name. */
export type LayerClass<O = object, A extends readonly unknown[] = [value?: O[keyof O]]> = new (
  ...rest: A | [options: Partial<O>]
) => Layer<O>;

/** What a row may say beyond the usual. */
export interface Traits<M> {
  /** Options that are given by name only. */
  readonly keywords?: object;
  /** Checks and completes what was given. */
  readonly settle?: (self: M, op: string) => void;
  /** What is printed; by default the positional options. */
  readonly text?: (self: M) => string;
  readonly stateNames?: Readonly<Record<string, string>>;
}

/**
 * The class of a layer. `run` gets the input, the options, the module and further inputs.
 * The name is a property of its own: bundles shorten the names of classes, and models print them.
 */
// Each row says by its annotation what the class takes and gives.
/* eslint-disable @typescript-eslint/no-explicit-any */
export function layer(
  name: string,
  options: object,
  run: (x: any, options: any, self: any, ...more: any[]) => unknown,
  { keywords = {}, settle, text, stateNames = {} }: Traits<any> = {},
): any {
  const positional = Object.keys(options);
  const all = [...positional, ...Object.keys(keywords)];
  return class extends Module {
    static override readonly name: string = name;
    static override readonly stateNames: Readonly<Record<string, string>> = stateNames;
    constructor(...rest: unknown[]) {
      super();
      Object.assign(this, parse(new.target.name, rest, options, keywords));
      settle?.(this, new.target.name);
    }
    override forward(x: Tensor, ...more: unknown[]): unknown {
      return run(x, Object.fromEntries(all.map((key) => [key, (this as Record<string, unknown>)[key]])), this, ...more);
    }
    override extraRepr(): string {
      return text ? text(this) : fields(this, positional);
    }
  };
}
