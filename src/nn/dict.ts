// Modules and parameters by names of one's own.
import { described } from "../base/copies.ts";
import type { DType } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { isOptions } from "../base/options.ts";
import { entry, exactly, listed, takes } from "../base/reading.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { contents, type Parameter, parameterFrom } from "./parameter.ts";

type Table<V> = Readonly<Record<string, V>>;
type Pairs<V> = Iterable<readonly [key: string, value: V]>;
type Key<T> = keyof T & string;

/** A module that keeps members V by key, in the order in which they came. What it takes in are values G. */
abstract class Keyed<V, G, T extends Table<V>> extends Module {
  /** Not in properties of the module, so that every name will do, and numbers keep their order, too. */
  protected readonly table = new Map<string, V>();

  /** A value as a member. Errors: ArgumentError. */
  protected abstract member(key: string, value: unknown): V;
  /** Keys of a plain object in the order in which they are taken in. */
  protected keysOf(object: object): readonly string[] {
    return Object.keys(object);
  }
  protected override held(): Iterable<readonly [property: string, value: unknown]> {
    return [...super.held(), ...this.table];
  }

  get length(): number {
    return this.table.size;
  }
  /** The keys, as in PyTorch. */
  [Symbol.iterator](): IterableIterator<Key<T>> {
    return this.keys();
  }
  keys(): IterableIterator<Key<T>> {
    return this.table.keys() as IterableIterator<Key<T>>;
  }
  values(): IterableIterator<T[Key<T>]> {
    return this.table.values() as IterableIterator<T[Key<T>]>;
  }
  /** Pairs of keys and members. */
  items(): IterableIterator<[Key<T>, T[Key<T>]]> {
    return this.table.entries() as IterableIterator<[Key<T>, T[Key<T>]]>;
  }
  has(key: string): boolean {
    return this.table.has(key);
  }
  /** What stands under a key. Errors: ArgumentError where nothing does. */
  get<K extends Key<T>>(key: K): T[K] {
    return entry("get", arguments, 1, () => this.found(key)) as T[K];
  }
  protected found(key: string): V {
    const value = this.table.get(key);
    if (value === undefined) throw new ArgumentError(`there is no ${String(key)}`, `known: ${[...this.table.keys()].join(", ") || "none"}`);
    return value;
  }
  /** Puts a value under a key; a new key comes last. */
  set(key: string, value: G): this {
    return entry("set", arguments, 2, () => this.take([[key, value]]));
  }
  /** Takes all of them in, or none. Errors: ArgumentError. */
  protected take(pairs: readonly (readonly [key: unknown, value: unknown])[]): this {
    const members = pairs.map(([key, value]): [string, V] => {
      if (typeof key !== "string" || key === "" || key.includes(".")) throw new ArgumentError(`the key ${String(key)} is not allowed`);
      return [key, this.member(key, value)];
    });
    for (const [key, member] of members) this.table.set(key, member);
    return this;
  }
  /** Takes what stands under a key out. Errors: ArgumentError where nothing does. */
  pop<K extends Key<T>>(key: K): T[K] {
    return entry("pop", arguments, 1, () => {
      const value = this.found(key);
      this.table.delete(key);
      return value;
    }) as T[K];
  }
  clear(): void {
    this.table.clear();
  }
  /** Takes in what a plain object, a map, a list of pairs or another dict holds. */
  update(source: Table<G> | Pairs<G> | Keyed<V, G, Table<V>>): void {
    entry("update", arguments, 1, () => this.take(this.pairsOf(source)));
  }
  protected pairsOf(source: unknown): (readonly [key: unknown, value: unknown])[] {
    if (source instanceof Keyed) return [...source.table];
    if (isOptions(source)) return this.keysOf(source as object).map((key) => [key, (source as Table<unknown>)[key]]);
    return listed(this.constructor.name, source as Iterable<unknown>, "source").map((pair, i) => {
      if (Array.isArray(pair) && pair.length === 2) return pair as [unknown, unknown];
      throw new ArgumentError(`element ${i} is ${described(pair)}, not a pair of key and value`, "", this.constructor.name);
    });
  }
  /** It has none: use its members. */
  override forward(): never {
    return super.forward() as never;
  }
  static {
    exactly(this.prototype, "keys", "values", "items", "has", "clear");
  }
}

/**
 * Modules by key, in the order in which they came, for their owner to call: `this.heads = new ModuleDict({ … })`.
 * @example
 * const heads = new nn.ModuleDict({ digit: new nn.Linear(4, 10), parity: new nn.Linear(4, 2) });
 * heads.get("parity").call(zeros(1, 4)).shape; // → [1, 2]
 * Object.keys(heads.stateDict()); // → ["digit.weight", "digit.bias", "parity.weight", "parity.bias"]
 */
export class ModuleDict<T extends Table<Module> = Table<Module>> extends Keyed<Module, Module, T> {
  static override readonly name: string = "ModuleDict";
  constructor(modules?: T);
  constructor(modules: Pairs<Module> | Keyed<Module, Module, T>);
  constructor(modules?: T | Pairs<Module> | Keyed<Module, Module, T>) {
    takes("ModuleDict", arguments, 1);
    super();
    if (modules !== undefined) this.update(modules as Pairs<Module>);
  }
  protected override member(key: string, value: unknown): Module {
    if (value instanceof Module) return value;
    throw new ArgumentError(`${key} is ${described(value)}, not a Module`, "", this.constructor.name);
  }
}

/** PyTorch's names of tensor types. */
const types: Readonly<Record<DType, string>> = { float32: "Float", float64: "Double", int32: "Int", uint8: "Byte", bool: "Bool" };

/**
 * Parameters by key; tensors become parameters. As in PyTorch, the keys of a plain object are sorted: give pairs, or a Map, to have an order.
 * @example
 * const weights = new nn.ParameterDict({ left: zeros(2), right: zeros(3) });
 * weights.get("right").shape; // → [3]
 * Object.keys(weights.stateDict()); // → ["left", "right"]
 */
export class ParameterDict<K extends string = string> extends Keyed<Parameter, Tensor, Readonly<Record<K, Parameter>>> {
  static override readonly name: string = "ParameterDict";
  constructor(parameters?: Readonly<Record<K, Tensor>>);
  constructor(parameters: Pairs<Tensor> | ParameterDict<K>);
  constructor(parameters?: Readonly<Record<K, Tensor>> | Pairs<Tensor> | ParameterDict<K>) {
    takes("ParameterDict", arguments, 1);
    super();
    if (parameters !== undefined) this.update(parameters as Pairs<Tensor>);
  }
  protected override member(key: string, value: unknown): Parameter {
    return parameterFrom(key, value, this.constructor.name);
  }
  protected override keysOf(object: object): readonly string[] {
    return Object.keys(object).sort();
  }
  /** What stands under a key, where `value` is put if nothing does. */
  setdefault(key: string, value: Tensor): Parameter {
    return entry("setdefault", arguments, 2, () => {
      if (!this.has(key)) this.set(key, value);
      return this.found(key);
    });
  }
  /** Takes out what came last, with its key. Errors: ArgumentError when nothing is left. */
  popitem(): [key: string, value: Parameter] {
    return entry("popitem", arguments, 0, () => {
      const last = [...this.table].at(-1);
      if (!last) throw new ArgumentError("the dict is empty");
      this.table.delete(last[0]);
      return last;
    });
  }
  /** Another dict with the same parameters. */
  copy(): ParameterDict<K> {
    return entry("copy", arguments, 0, () => new ParameterDict<K>(this.table));
  }
  override extraRepr(): string {
    return contents(this.table, (p) => `torch.${types[p.dtype]}Tensor`);
  }
  static {
    exactly(this.prototype, "extraRepr");
  }
}
