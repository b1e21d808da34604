// Module: what every layer and model is. Parameters, buffers and child modules are its properties; nothing is declared twice.
import { noGrad } from "../autograd/mode.ts";
import { described, isForeign, mark } from "../base/copies.ts";
import { asDType, type DTypeLike, isFloat } from "../base/dtype.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { forbid } from "../base/python.ts";
import { callable, entry, exactly, takes } from "../base/reading.ts";
import { type DeviceLike, deviceNamed } from "../tensor/device.ts";
import { Tensor } from "../tensor/tensor.ts";
import { wanted } from "../tensor/transfer.ts";
import { type Copies, deepCopy } from "./copying.ts";
import { factory } from "./factory.ts";
import { type BackwardHook, everywhere, type ForwardHook, type ForwardPreHook, hooked, type HookHandle, watched } from "./hooks.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { assigned, type Slot, slotOf } from "./slots.ts";
import { type LoadReport, loadState, type StateDict } from "./state.ts";

export interface PlaceOptions {
  readonly device?: DeviceLike;
  /** Floating parameters and buffers take it; the others keep theirs. */
  readonly dtype?: DTypeLike;
}

type Prefix = [prefix?: string] | [options: { readonly prefix?: string }];
type Recurse = [recurse?: boolean] | [options: { readonly recurse?: boolean }];
type PrefixRecurse = [prefix?: string, recurse?: boolean] | [options: { readonly prefix?: string; readonly recurse?: boolean }];

/** The arguments of a method, which may be given by position or by name. */
const read = <O extends object>(op: string, rest: readonly unknown[], defaults: O): O =>
  entry(op, rest, Infinity, () => parse(rest, defaults));

function* values<T>(named: Iterable<readonly [string, T]>): Generator<T> {
  for (const [, value] of named) yield value;
}

/**
 * Base of layers and models. A subclass assigns parameters, buffers and modules to properties and writes `forward`.
 * `model.call(x)` runs forward with hooks; lists of modules belong in a ModuleList, plain arrays are not searched.
 * @example
 * class Net extends nn.Module {
 *   hidden = new nn.Linear(2, 8);
 *   out = new nn.Linear(8, 1);
 *   override forward(x: Tensor): Tensor {
 *     return this.out.call(this.hidden.call(x).relu());
 *   }
 * }
 * const net = new Net();
 * net.call(randn(5, 2)).shape; // → [5, 1]
 * Object.keys(net.stateDict()); // → ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
 */
export class Module {
  static readonly name: string = "Module";
  /** Properties whose name in the state dict differs, for example `runningMean: "running_mean"`. */
  static readonly stateNames: Readonly<Record<string, string>> = {};
  /** True while training: dropout drops, batch normalisation uses the batch's statistics. */
  training = true;
  /** Properties that hold state, and what they may be given. */
  readonly #slots = new Map<string, Slot>();
  /** Whether a call has looked at the properties. */
  #seen = false;
  readonly #before = new Set<ForwardPreHook>();
  readonly #after = new Set<ForwardHook>();
  readonly #backward = new Set<BackwardHook>();

  /** What the module computes. Subclasses write it; callers use call(). */
  // Modules take and give whatever they like.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  forward(..._inputs: any[]): any {
    throw new ArgumentError("has no forward", "", this.constructor.name);
  }

  /** Runs forward between the hooks. */
  call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    // From the first call on every property is guarded, whether anybody asked for parameters or not.
    if (!this.#seen) this.#seen = [...this.#held()].length > 0;
    let given: readonly unknown[] = args;
    for (const hooks of [everywhere.before, this.#before]) for (const hook of hooks) given = hook(this, given) ?? given;
    const forward = (inputs: readonly unknown[]): unknown => this.forward(...inputs);
    const watches = this.#backward.size + everywhere.backward.size > 0;
    let output = watches ? watched(this, this.#backward, given, forward) : forward(given);
    for (const hooks of [everywhere.after, this.#after]) for (const hook of hooks) output = hook(this, given, output) ?? output;
    return output as ReturnType<this["forward"]>;
  }

  // ---- what it holds ----------------------------------------------------------------------------------------------

  /** What it is searched for: its properties, in their order. Containers add what they keep elsewhere. */
  protected held(): Iterable<readonly [property: string, value: unknown]> {
    return Object.entries(this);
  }
  /** The same by the names of the state dict, with the slots of what is state. */
  *#held(): Generator<[name: string, value: unknown, slot: Slot | undefined]> {
    const { stateNames } = this.constructor as typeof Module;
    for (const [property, value] of this.held()) {
      if (isForeign(value)) throw new ArgumentError(`${property} is ${described(value)}`, "load one only", this.constructor.name);
      const place = Object.getOwnPropertyDescriptor(this, property);
      // A property that was deleted and made anew is no longer guarded.
      const slot = slotOf(value, place?.get && this.#slots.get(property));
      if (slot && place?.configurable && place.value === value) this.#guard(property, value, slot);
      const name = Object.hasOwn(stateNames, property) ? stateNames[property]! : property;
      yield [name, value, slot];
    }
  }
  /** From now on the property refuses what would drop out of the state unnoticed, as PyTorch's modules do. */
  #guard(property: string, value: unknown, slot: Slot): void {
    let held = value;
    this.#slots.set(property, slot);
    const set = (next: unknown): void => {
      this.#slots.set(property, assigned(property, next, this.#slots.get(property)!, this.constructor.name));
      held = next;
    };
    Object.defineProperty(this, property, { get: () => held, set, enumerable: true, configurable: true });
  }
  /** Direct child modules by name, each once. */
  *namedChildren(): Generator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, value] of this.#held())
      if (value instanceof Module && !seen.has(value)) {
        seen.add(value);
        yield [name, value];
      }
  }
  *children(): Generator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }
  /** This module and everything below it by dotted path, each once, parents first. */
  namedModules(...rest: Prefix): Generator<[string, Module]> {
    const { prefix } = read("namedModules", rest, { prefix: "" });
    return this.#below(prefix, new Set());
  }
  *#below(prefix: string, seen: Set<Module>): Generator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren()) yield* child.#below(prefix === "" ? name : `${prefix}.${name}`, seen);
  }
  *modules(): Generator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }
  *#members<T extends Tensor>(prefix: string, recurse: boolean, kind: Slot["kind"]): Generator<[string, T]> {
    const seen = new Set<unknown>();
    for (const [path, module] of recurse ? this.namedModules(prefix) : [[prefix, this as Module] as const])
      for (const [name, value, slot] of module.#held())
        if (slot?.kind === kind && !seen.has(value)) {
          seen.add(value);
          yield [path === "" ? name : `${path}.${name}`, value as T];
        }
  }
  /** Parameters by dotted path, each once; with recurse false only this module's own. */
  namedParameters(...rest: PrefixRecurse): Generator<[string, Parameter]> {
    const { prefix, recurse } = read("namedParameters", rest, { prefix: "", recurse: true });
    return this.#members(prefix, recurse, "parameter");
  }
  parameters(...rest: Recurse): Generator<Parameter> {
    const { recurse } = read("parameters", rest, { recurse: true });
    return values(this.#members("", recurse, "parameter"));
  }
  /** Buffers by dotted path, each once; with recurse false only this module's own. */
  namedBuffers(...rest: PrefixRecurse): Generator<[string, Tensor]> {
    const { prefix, recurse } = read("namedBuffers", rest, { prefix: "", recurse: true });
    return this.#members(prefix, recurse, "buffer");
  }
  buffers(...rest: Recurse): Generator<Tensor> {
    const { recurse } = read("buffers", rest, { recurse: true });
    return values(this.#members("", recurse, "buffer"));
  }

  /** The module at a dotted path below this one, as namedModules() writes it; "" is this module. Errors: ArgumentError. */
  getSubmodule(target: string): Module {
    return entry("getSubmodule", arguments, 1, () => (target === "" ? this : this.#find(target, "child module")));
  }
  /** The parameter at a dotted path, as namedParameters() writes it. Errors: ArgumentError. */
  getParameter(target: string): Parameter {
    return entry("getParameter", arguments, 1, () => this.#find(target, "parameter"));
  }
  /** The buffer at a dotted path, as namedBuffers() writes it. Errors: ArgumentError. */
  getBuffer(target: string): Tensor {
    return entry("getBuffer", arguments, 1, () => this.#find(target, "buffer"));
  }
  #find<T>(target: string, wanted: Slot["kind"]): T {
    const steps = target.split(".");
    return steps.reduce<unknown>((at, step, i) => {
      const kind = i < steps.length - 1 ? "child module" : wanted;
      const found = [...(at as Module).#held()].find(([name, , slot]) => name === step && slot?.kind === kind);
      if (!found) throw new ArgumentError(`${(at as Module).constructor.name} has no ${kind} ${step}`, `looked for ${target}`);
      return found[1];
    }, this) as T;
  }

  /** Puts a tensor into a property as part of the state that is not trained. The same as assigning a Buffer. */
  registerBuffer(
    name: string,
    tensor: Tensor | null,
    ...rest: [persistent?: boolean] | [options: { readonly persistent?: boolean }]
  ): void {
    const { persistent } = read("registerBuffer", rest, { persistent: true });
    this.#put("registerBuffer", name, tensor && new Buffer(tensor, { persistent }), { kind: "buffer", persistent });
  }
  /** Puts a parameter into a property. The same as assigning it. */
  registerParameter(name: string, parameter: Parameter | null): void {
    entry("registerParameter", arguments, 2, () => {
      if (parameter !== null && !(parameter instanceof Parameter))
        throw new ArgumentError(`${name} is ${described(parameter)}, not a Parameter`);
    });
    this.#put("registerParameter", name, parameter, { kind: "parameter", persistent: true });
  }
  /** Puts a module into a property. The same as assigning it. */
  registerModule(name: string, module: Module | null): void {
    entry("registerModule", arguments, 2, () => {
      if (module !== null && !(module instanceof Module)) throw new ArgumentError(`${name} is ${described(module)}, not a Module`);
    });
    this.#put("registerModule", name, module, { kind: "child module", persistent: true });
  }
  /** The same as registerModule(). */
  addModule(name: string, module: Module | null): void {
    takes("addModule", arguments, 2);
    this.registerModule(name, module);
  }
  #put(op: string, name: string, value: Tensor | Module | null, slot: Slot): void {
    entry(op, [name, value], 2, () => {
      if (name === "" || name.includes(".")) throw new ArgumentError(`the name ${name} is not allowed`, "without dots");
      const held = (this as unknown as Record<string, unknown>)[name];
      if (held !== undefined && held !== null && !(held instanceof (slot.kind === "child module" ? Module : Tensor)))
        throw new ArgumentError(`${this.constructor.name} already has a property ${name}`);
      this.#guard(name, value, slot);
    });
  }

  // ---- state ------------------------------------------------------------------------------------------------------

  /** Parameters and persistent buffers by PyTorch's keys, in PyTorch's order; they share memory with the model. */
  stateDict(...rest: Prefix): Record<string, Tensor> {
    const { prefix } = read("stateDict", rest, { prefix: "" });
    const dict = Object.create(null) as Record<string, Tensor>;
    for (const [key, value] of this.stateEntries(prefix)) dict[key] = value.detach();
    return dict;
  }
  /** The live tensors behind stateDict(); a shared one appears under each of its keys. */
  *stateEntries(prefix = ""): Generator<[string, Tensor]> {
    const held = [...this.#held()];
    for (const kind of ["parameter", "buffer"])
      for (const [name, value, slot] of held) if (slot?.kind === kind && slot.persistent) yield [prefix + name, value as Tensor];
    for (const [name, child] of held) if (child instanceof Module) yield* child.stateEntries(`${prefix}${name}.`);
  }
  /**
   * Copies values into the parameters and buffers of the same keys, converting dtype and device.
   * Errors: FormatError naming missing and unexpected keys (unless strict is false), ShapeError naming shapes; nothing is loaded then.
   */
  loadStateDict(dict: StateDict, ...rest: [strict?: boolean] | [options: { readonly strict?: boolean }]): LoadReport {
    const { strict } = read("loadStateDict", rest, { strict: true });
    return loadState(this.constructor.name, this.stateEntries(), dict, strict);
  }

  /** Training mode on (default) or off, here and below. */
  train(...rest: [mode?: boolean] | [options: { readonly mode?: boolean }]): this {
    const { mode } = read("train", rest, { mode: true });
    for (const module of this.modules()) module.training = mode;
    return this;
  }
  /** Evaluation mode: the same as train(false). */
  eval(): this {
    return this.train(false);
  }
  /** Switches gradients of all parameters on or off. */
  requiresGrad_(...rest: [requiresGrad?: boolean] | [options: { readonly requiresGrad?: boolean }]): this {
    const { requiresGrad } = read("requiresGrad_", rest, { requiresGrad: true });
    for (const p of this.parameters()) p.requiresGrad_(requiresGrad);
    return this;
  }
  /** Forgets the gradients of all parameters; with setToNone false they become zeros. */
  zeroGrad(...rest: [setToNone?: boolean] | [options: { readonly setToNone?: boolean }]): void {
    const { setToNone } = read("zeroGrad", rest, { setToNone: true });
    for (const p of this.parameters()) p.grad = setToNone || !p.peekGrad() ? null : p.filledLike(0);
  }
  /** Calls fn on every module, children before parents: for custom initialisation. */
  apply(fn: (module: Module) => void): this {
    callable("apply", fn);
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * A deep copy: parameters and buffers of its own with the same values, without gradients; what is shared within the module is shared within
   * the copy. Lists, dicts, maps and sets in properties are copied, functions, hooks and other objects kept. A class with private
   * members (#name) cannot be copied.
   * Errors: GradError for a tensor in a property that was computed with gradients.
   * @example
   * const layer = new nn.Linear(2, 2);
   * const average = layer.clone().requiresGrad_(false);
   * await average.weight.eq(layer.weight).all().item(); // → 1
   */
  clone(): this {
    return under("clone", () => this.#copy(new Map()) as this);
  }
  #copy(copies: Copies): Module {
    // The constructor of this class alone: what those of subclasses made is copied.
    const copy = Reflect.construct(Module, [], this.constructor) as Module;
    copies.set(this, copy);
    const copied = (value: unknown): unknown => deepCopy(value, copies, (module) => (module as Module).#copy(copies));
    for (const key of Reflect.ownKeys(this)) {
      const place = Object.getOwnPropertyDescriptor(this, key)!;
      const slot = this.#slots.get(key as string);
      if (place.get && place.enumerable && slot) copy.#guard(key as string, copied(place.get.call(this)), slot);
      else Object.defineProperty(copy, key, place.get ? place : { ...place, value: copied(place.value) });
    }
    for (const hook of this.#before) copy.#before.add(hook);
    for (const hook of this.#after) copy.#after.add(hook);
    for (const hook of this.#backward) copy.#backward.add(hook);
    return copy;
  }

  // ---- where it lives ---------------------------------------------------------------------------------------------

  /**
   * Moves parameters, their gradients and buffers to a device or floating dtype; they stay the same objects, so optimisers keep working.
   * Errors: DeviceError when values would have to come down from the GPU: await cpu() does that.
   */
  to(place: DeviceLike | DTypeLike | PlaceOptions, ...rest: [dtype?: DTypeLike]): this {
    return entry("to", [place, ...rest], Infinity, () => {
      const { device, dtype } = wanted(place, rest, factory);
      const floats = dtype === undefined ? undefined : asDType(dtype);
      if (floats && !isFloat(floats)) throw new ArgumentError(`a model cannot be ${floats}`, "a floating dtype");
      const moved = (t: Tensor): Tensor =>
        t.moved(device === undefined ? t.storage.device : deviceNamed(device), floats && isFloat(t.dtype) ? floats : t.dtype);
      const tensors = [...this.parameters(), ...this.buffers()];
      const moves = noGrad(() =>
        tensors.map((t) => {
          const grad = t.peekGrad();
          return [t, moved(t), grad && moved(grad)] as const;
        }),
      );
      return this.#adopt(moves);
    });
  }
  /** Gives tensors the memory that their values, and gradients, have moved to. */
  #adopt(moves: readonly (readonly [Tensor, Tensor, Tensor | undefined])[]): this {
    for (const [t, value, grad] of moves) if (value !== t) t.moveTo(value, grad);
    return this;
  }
  /** Brings the model to the CPU device, from wherever it is. */
  async cpu(): Promise<this> {
    const moves = [...this.parameters(), ...this.buffers()].map(async (t) => [t, await t.cpu(), await t.peekGrad()?.cpu()] as const);
    return this.#adopt(await Promise.all(moves));
  }
  /** float64, on the CPU device. */
  double(): this {
    return this.to("float64");
  }
  /** float32. */
  float(): this {
    return this.to("float32");
  }

  // ---- hooks and printing -----------------------------------------------------------------------------------------

  registerForwardPreHook(hook: ForwardPreHook): HookHandle {
    return hooked(this.#before, hook);
  }
  registerForwardHook(hook: ForwardHook): HookHandle {
    return hooked(this.#after, hook);
  }
  /** The hook runs in backward, once the gradients of all tensor arguments are known. */
  registerFullBackwardHook(hook: BackwardHook): HookHandle {
    return hooked(this.#backward, hook);
  }
  /** What stands between the brackets when the module is printed. */
  extraRepr(): string {
    return "";
  }
  /** The module and its children as PyTorch prints them. */
  toString(): string {
    const lines = this.extraRepr().split("\n").filter(Boolean);
    const own = lines.length;
    for (const [name, child] of this.namedChildren()) lines.push(`(${name}): ${String(child).replaceAll("\n", "\n  ")}`);
    const inside = lines.join("\n  ");
    return `${this.constructor.name}(${lines.length > own || own > 1 ? `\n  ${inside}\n` : inside})`;
  }
  /** Node's console.log shows modules by their text, too. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  static {
    mark(this.prototype, "module");
    // prettier-ignore
    exactly(
      this.prototype,
      "namedChildren", "children", "modules", "eval", "apply", "clone", "cpu", "double", "float", "registerForwardPreHook",
      "registerForwardHook", "registerFullBackwardHook", "extraRepr", "toString",
    );
    forbid(this.prototype, ["requiresGrad", "requires_grad", "requiresgrad"], "call requiresGrad_()", "module");
  }
}
