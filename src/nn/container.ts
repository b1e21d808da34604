// Modules made of modules.
import { described } from "../base/copies.ts";
import { ArgumentError } from "../base/errors.ts";
import { entry, exactly, listed, takes } from "../base/reading.ts";
import { Module } from "./module.ts";

/** Modules under the names 0, 1, 2, …, as ModuleList and Sequential keep them. */
abstract class Numbered extends Module {
  readonly [index: number]: Module;

  protected list(): Module[] {
    return Object.values(this).filter((v): v is Module => v instanceof Module);
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
  [Symbol.iterator](): IterableIterator<Module> {
    return this.list().values();
  }
  /** The module at an index; negative ones count from the end. */
  at(index: number): Module | undefined {
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

/** Passes its input through its modules, one after the other. Give them in order, or as an object that names them. */
export class Sequential extends Numbered {
  static override readonly name: string = "Sequential";
  constructor(...modules: readonly Module[] | readonly [named: Readonly<Record<string, Module>>]) {
    super();
    const [first] = modules;
    const named = modules.length === 1 && described(first) === "object" && !(first instanceof Module);
    for (const [name, module] of Object.entries(named ? first : modules)) this.put(name, module);
  }
  // Inputs and outputs are whatever the modules take and give, as a rule one tensor.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  override forward(input: any): any {
    let x: unknown = input;
    for (const module of this.list()) x = module.call(x);
    return x;
  }
  static {
    exactly(this.prototype, "forward");
  }
}

/** A list of modules that its owner calls itself: `this.layers = new ModuleList([…])`. */
export class ModuleList extends Numbered {
  static override readonly name: string = "ModuleList";
  constructor(modules: Iterable<Module> = []) {
    takes("ModuleList", arguments, 1);
    super();
    this.extend(modules);
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
