// Modules made of modules.
import { described } from "../base/copies.ts";
import { ArgumentError } from "../base/errors.ts";
import { entry, exactly, listed, takes } from "../base/reading.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** Modules under the names 0, 1, 2, …, as ModuleList and Sequential keep them. */
abstract class Numbered<M extends Module> extends Module {
  readonly [index: number]: M;

  protected list(): M[] {
    return Object.values(this).filter((v): v is M => v instanceof Module);
  }
  protected put(name: string, module: unknown): void {
    if (!(module instanceof Module)) throw new ArgumentError(`${name} is ${described(module)}, not a Module`, "", this.constructor.name);
    if (name in this || name === "" || name.includes("."))
      throw new ArgumentError(`the name ${name} is not allowed`, "", this.constructor.name);
    Object.assign(this, { [name]: module });
  }
  get length(): number {
    return this.list().length;
  }
  [Symbol.iterator](): IterableIterator<M> {
    return this.list().values();
  }
  /** The module at an index; negative ones count from the end. */
  at(index: number): M | undefined {
    return entry("at", arguments, 1, () => this.list().at(index));
  }
  /** Adds a module at the end. */
  append(module: Module): this {
    this.put(String(this.length), module);
    return this;
  }
  /** Adds several modules at the end. */
  extend(modules: Iterable<Module>): this {
    for (const module of listed(this.constructor.name, modules, "modules")) this.append(module);
    return this;
  }
  static {
    exactly(this.prototype, "append", "extend");
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
export class Sequential<M extends Modules = Modules> extends Numbered<M[number]> {
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
export class ModuleList<M extends Module = Module> extends Numbered<M> {
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
  /** Puts a module before the one at `index`. */
  insert(index: number, module: Module): this {
    const all = this.append(module).list();
    all.splice(index, 0, all.pop()!);
    return Object.assign(this, all);
  }
  static {
    exactly(this.prototype, "insert");
  }
}
