// Modules made of modules, in order.
import { described } from "../base/copies.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { isWhole } from "../base/random.ts";
import { entry, exactly, listed, takes } from "../base/reading.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { contents, Parameter, parameterFrom } from "./parameter.ts";

/** A position among `length` members, negative ones counted from the end. Errors: ArgumentError for one outside of `count`. */
function position(index: number, length: number, count = length): number {
  const at = index < 0 ? index + length : index;
  if (!isWhole(at, 0) || at >= count) throw new ArgumentError(`index ${String(index)} is out of range for ${length} members`);
  return at;
}

/** Members V under the names 0, 1, 2, …, as Sequential, ModuleList and ParameterList keep them. What they take in are values G. */
abstract class Numbered<V extends Module | Parameter, G> extends Module {
  readonly [index: number]: V;

  /** Whether a property holds a member. */
  protected abstract holds(value: unknown): value is V;
  /** Makes a value a member. Errors: ArgumentError for a value or a name that will not do. */
  protected abstract put(name: string, value: unknown): void;
  /** Puts a value in the place of a member. Errors: ArgumentError for a value that will not do. */
  protected abstract replace(name: string, value: unknown): void;
  protected members(): [name: string, member: V][] {
    return Object.entries(this).filter((entry): entry is [string, V] => this.holds(entry[1]));
  }
  protected list(): V[] {
    return this.members().map(([, member]) => member);
  }

  get length(): number {
    return this.list().length;
  }
  [Symbol.iterator](): IterableIterator<V> {
    return this.list().values();
  }
  /** The member at an index; negative ones count from the end. */
  at(index: number): V | undefined {
    return entry("at", arguments, 1, () => this.list().at(index));
  }
  /** Replaces the member at an index. */
  set(index: number, member: G): this {
    return entry("set", arguments, 2, () => {
      this.replace(this.members()[position(index, this.length)]![0], member);
      return this;
    });
  }
  /** Adds a member at the end. */
  append(member: G): this {
    this.put(String(this.length), member);
    return this;
  }
  /** Adds several at the end. */
  extend(members: Iterable<G>): this {
    for (const member of listed(this.constructor.name, members, "members")) this.append(member);
    return this;
  }
  static {
    exactly(this.prototype, "append", "extend");
  }
}

/** Modules, some of which may come and go. */
export abstract class ModuleSequence<M extends Module> extends Numbered<M, Module> {
  protected override holds(value: unknown): value is M {
    return value instanceof Module;
  }
  protected override put(name: string, module: unknown): void {
    if (!(module instanceof Module)) throw new ArgumentError(`${name} is ${described(module)}, not a Module`, "", this.constructor.name);
    if (name in this || name === "" || name.includes("."))
      throw new ArgumentError(`the name ${name} is not allowed`, "", this.constructor.name);
    Object.assign(this, { [name]: module });
  }
  /** Puts other modules in the place of all, numbered from 0. */
  protected renumber(modules: readonly M[]): this {
    for (const [name] of this.members()) delete (this as unknown as Record<string, unknown>)[name];
    return this.extend(modules);
  }
  protected override replace(name: string, module: unknown): void {
    this.registerModule(name, module as Module);
  }
  /** Puts a module before the one at `index`. */
  insert(index: number, module: Module): this {
    return entry("insert", arguments, 2, () => {
      const all = this.list();
      const at = position(index, all.length, all.length + 1);
      if (this.members().some(([name], i) => name !== String(i)))
        throw new ArgumentError("the modules have names of their own", "append()");
      this.append(module);
      return this.renumber(all.toSpliced(at, 0, module as M));
    });
  }
  /** Takes the module at an index out, by default the last, and numbers the others anew. */
  pop(...rest: [index?: number] | [options: { readonly index?: number }]): M {
    return entry("pop", rest, Infinity, () => {
      const at = position(parse(rest, { index: -1 }).index, this.length);
      const all = this.list();
      this.renumber(all.toSpliced(at, 1));
      return all[at]!;
    });
  }
}

type Modules = readonly Module[];
/** What the first of them takes; of a list that is not known one by one, a tensor. */
type Input<M extends Modules> = M extends readonly [infer First extends Module, ...Modules] ? Parameters<First["forward"]>[0] : Tensor;
/** What the last of them gives, likewise. */
type Output<M extends Modules> = M extends readonly [...Modules, infer Last extends Module] ? ReturnType<Last["forward"]> : Tensor;
/** The list as far as each can be called with nothing but X, the result of the one before it; from there on never. */
type Chain<M extends Modules, X = Input<M>> = M extends readonly [infer First extends Module, ...infer Rest extends Modules]
  ? [X] extends Parameters<First["forward"]>
    ? readonly [First, ...Chain<Rest, ReturnType<First["forward"]>>]
    : readonly [never, ...Rest]
  : M;

/**
 * Passes its input through its modules, one after the other. Give them in order, or as an object that names them.
 * @example
 * const net = new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 1));
 * net.call(randn(5, 2)).shape; // → [5, 1]
 */
export class Sequential<M extends Modules = Modules> extends ModuleSequence<M[number]> {
  static override readonly name: string = "Sequential";
  constructor(...modules: M & Chain<M>);
  constructor(named: Readonly<Record<string, Module>>);
  constructor(...modules: Modules | readonly [named: Readonly<Record<string, Module>>]) {
    super();
    const [first] = modules;
    const named = modules.length === 1 && described(first) === "object" && !(first instanceof Module);
    for (const [name, module] of Object.entries(named ? first : modules)) this.put(name, module);
  }
  override forward(input: Input<M>): Output<M> {
    let x: unknown = input;
    for (const module of this.list() as readonly Module[]) x = module.call(x);
    return x as Output<M>;
  }
  /** A Sequential of the modules from `start` up to `end`, under the names that they have here; negative ones count from the end. */
  slice(start?: number, end?: number): Sequential {
    return entry("slice", arguments, 2, () => new Sequential(Object.fromEntries(this.members().slice(start, end))));
  }
  static {
    exactly(this.prototype, "forward");
  }
}

/**
 * A list of modules that its owner calls itself: `this.layers = new ModuleList([…])`.
 * @example
 * const layers = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)]);
 * layers.length; // → 2
 * [...layers.parameters()].length; // → 4
 */
export class ModuleList<M extends Module = Module> extends ModuleSequence<M> {
  static override readonly name: string = "ModuleList";
  constructor(modules: Iterable<M> = []) {
    takes("ModuleList", arguments, 1);
    super();
    this.extend(modules);
  }
  /** It has none: call its modules. */
  override forward(): never {
    return super.forward() as never;
  }
  /** A list of the modules from `start` up to `end`; negative ones count from the end. */
  slice(start?: number, end?: number): ModuleList<M> {
    return entry("slice", arguments, 2, () => new ModuleList(this.list().slice(start, end)));
  }
}

/**
 * A list of parameters: `this.scales = new ParameterList([…])`. Tensors become parameters.
 * @example
 * const list = new nn.ParameterList([zeros(2, 3), zeros(4)]);
 * [...list.parameters()].map((p) => p.shape); // → [[2, 3], [4]]
 * Object.keys(list.stateDict()); // → ["0", "1"]
 */
export class ParameterList extends Numbered<Parameter, Tensor> {
  static override readonly name: string = "ParameterList";
  constructor(parameters: Iterable<Tensor> = []) {
    takes("ParameterList", arguments, 1);
    super();
    this.extend(parameters);
  }
  protected override holds(value: unknown): value is Parameter {
    return value instanceof Parameter;
  }
  protected override put(name: string, value: unknown): void {
    this.registerParameter(name, parameterFrom(name, value, this.constructor.name));
  }
  protected override replace(name: string, value: unknown): void {
    this.put(name, value);
  }
  /** A list of the parameters from `start` up to `end`; negative ones count from the end. */
  slice(start?: number, end?: number): ParameterList {
    return entry("slice", arguments, 2, () => new ParameterList(this.list().slice(start, end)));
  }
  /** It has none: use its parameters. */
  override forward(): never {
    return super.forward() as never;
  }
  override extraRepr(): string {
    return contents(this.members(), (p) => `torch.${p.dtype}`);
  }
  static {
    exactly(this.prototype, "extraRepr");
  }
}
