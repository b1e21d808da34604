// Layers as rows: a name, the options with their defaults, and the operator that takes inputs and options.
import { parse } from "../base/options.ts";
import { fields } from "../base/python.ts";
import { entry, exactly, takes } from "../base/reading.ts";
import { type CreateOptions, zeros } from "../tensor/create.ts";
import { records } from "../ops/install.ts";
import type { AnyPrimitive } from "../ops/op.ts";
import { applyInPlace } from "../tensor/dispatch.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Factory, factory } from "./factory.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

export type { Factory };

/** A module with one tensor in and one out, whose options `O` are its properties. */
export type Layer<O = object> = OneToOne & Readonly<O>;
interface OneToOne extends Module {
  forward(x: Tensor): Tensor;
}
/** Its class: takes options by position, as in the tuple A, or by name. */
export type LayerClass<O = object, A extends readonly unknown[] = [value?: O[keyof O]]> = new (
  ...rest: A | [options: Partial<O>]
) => Layer<O>;

/**
 * Puts into the module's properties what its constructor requires, and the options it was given but for those that only say how parameters
 * are made. Gives all options. Errors: as parse.
 */
export function configure<O extends object>(self: Module, required: object, given: readonly unknown[], options: O): O & typeof factory {
  const all = entry(self.constructor.name, given, Infinity, () => parse(given, options, factory));
  const { device: _device, dtype: _dtype, bias: _bias, ...own } = all as typeof all & { readonly bias?: boolean };
  Object.assign(self, required, own);
  return all;
}

/** A parameter of zeros, to be initialised by its layer. */
export const parameter = (shape: readonly number[], { device, dtype }: Factory): Parameter =>
  new Parameter(zeros(shape, { device, dtype } as CreateOptions));

/** What a row may say beyond the usual. */
interface Traits<M> {
  /** Options that are given by name only. */
  readonly keywords?: object;
  /** How many inputs it takes; by default one, or as many as `run` has parameters for. */
  readonly inputs?: number;
  /** Takes a last option `inplace`: the result takes the place of the input. */
  readonly replaces?: boolean;
  /** Further properties that the operator takes as options. */
  readonly also?: readonly string[];
  /** Checks and completes what was given. */
  readonly settle?: (self: M) => void;
  /** How numbers are printed. */
  readonly write?: (value: never) => string;
  /** Values are printed alone, without the names of their properties. */
  readonly unnamed?: boolean;
  /** Which properties are printed; by default the positional options. */
  readonly shown?: (self: M) => readonly string[];
  readonly stateNames?: Readonly<Record<string, string>>;
}

type Operators = Readonly<Record<string, (...inputs: readonly unknown[]) => unknown>>;
/** The operator of a layer's name: `maxPool2d` of MaxPool2d, `mseLoss` of MSELoss. */
export const operatorOf = (name: string): string => name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (capitals) => capitals.toLowerCase());

/**
 * The class of a layer. `run` names its operator, where that has another name, or computes from the options and the inputs.
 * The name is a property of its own: bundles shorten the names of classes, and models print them.
 */
// Each row says by its annotation what the class takes and gives.
/* eslint-disable @typescript-eslint/no-explicit-any */
export function layer(
  name: string,
  options: object = {},
  run: string | ((options: any, ...inputs: any[]) => unknown) = operatorOf(name),
  traits: Traits<any> = {},
): any {
  const { keywords = {}, inputs: most = typeof run === "string" ? 1 : run.length - 1, also = [] } = traits;
  const { settle, write, shown, unnamed, replaces = false, stateNames = {} } = traits;
  const positional = Object.keys(options);
  const all = [...positional, ...Object.keys(keywords), ...also];
  return class extends Module {
    static override readonly name: string = name;
    static override readonly stateNames: Readonly<Record<string, string>> = stateNames;
    constructor(...rest: unknown[]) {
      super();
      entry(new.target.name, rest, Infinity, () => {
        Object.assign(this, parse(rest, replaces ? { ...options, inplace: false } : options, keywords));
        settle?.(this);
      });
    }
    override forward(...inputs: unknown[]): unknown {
      const given = Object.fromEntries(all.map((key) => [key, (this as Record<string, unknown>)[key]]));
      takes(name, inputs, most);
      if (typeof run !== "string") return run(given, ...inputs);
      const args = all.length > 0 ? [...inputs, given] : inputs;
      return replaces && (this as { inplace?: boolean }).inplace
        ? applyInPlace(records[run] as AnyPrimitive, args)
        : (functions as unknown as Operators)[run]!(...args);
    }
    override extraRepr(): string {
      const usual = replaces && (this as { inplace?: boolean }).inplace ? [...positional, "inplace"] : positional;
      const printed = fields(this, shown?.(this) ?? usual, write);
      return unnamed ? printed.replace(/\w+=/g, "") : printed;
    }
    static {
      exactly(this.prototype, "extraRepr");
    }
  };
}
