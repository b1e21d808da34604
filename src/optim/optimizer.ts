// Base of the optimisers: parameter groups, per-parameter state, and state dicts in PyTorch's layout.
import { noGrad } from "../autograd/mode.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, FormatError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { camel, repr, snake } from "../base/python.ts";
import { sameShape } from "../base/shape.ts";
import { overwrite } from "../dispatch.ts";
import { fillsStorage } from "../ops/stepping.ts";
import { keep } from "../autograd/scope.ts";
import { Tensor } from "../tensor.ts";
import { knownValue, transferred } from "../transfer.ts";

/** A parameter group: `params` and this optimiser's options, each of which may be changed between steps. */
export type ParamGroup<O extends object> = { params: Tensor[] } & O & Record<string, unknown>;
/** What a group may leave out falls back on the optimiser's options. */
export type GroupInput<O extends object> = { readonly params: Tensor | Iterable<Tensor> } & Partial<O>;
export type Params<O extends object> = Iterable<Tensor> | Iterable<GroupInput<O>>;

/** State of one parameter under PyTorch's names (`momentum_buffer`, `exp_avg`, …); `step` counts its updates. */
export interface ParamState {
  step?: number;
  [name: string]: Tensor | number | undefined;
}
/** PyTorch's layout: parameters are numbered in the order of the groups. */
export interface OptimizerStateDict {
  readonly state: Readonly<Record<string, Readonly<Record<string, Tensor | number>>>>;
  readonly param_groups: readonly Readonly<Record<string, unknown>>[];
}

/** A parameter that has a gradient, with what its update needs. */
export interface Ready<S> {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly state: S;
}

const misfit = (what: string, remedy?: string): never => {
  throw new FormatError("loadStateDict", what, remedy);
};

/** Base of every optimiser. Subclasses implement `update` for the ready parameters of one group. */
export abstract class Optimizer<O extends object = object, S extends ParamState = ParamState> {
  readonly paramGroups: ParamGroup<O>[] = [];
  declare readonly defaults: Readonly<O>;
  readonly state = new Map<Tensor, S>();

  /** Errors: ArgumentError for an empty list, a repeated parameter, or something that is no leaf requiring a gradient. */
  constructor(params: Params<O>, defaults: O) {
    this.defaults = defaults;
    if (params instanceof Tensor) this.#refuse("params must be a list of tensors or groups, got one tensor", "write [tensor]");
    const list = [...(params as Iterable<Tensor | GroupInput<O>>)];
    if (list.length === 0) this.#refuse("got an empty parameter list");
    const groups = list.every((item) => item instanceof Tensor)
      ? [{ params: list } as unknown as GroupInput<O>]
      : (list as GroupInput<O>[]);
    for (const group of groups) this.addParamGroup(group);
  }

  #refuse(what: string, remedy?: string): never {
    throw new ArgumentError(this.constructor.name, what, remedy);
  }

  /** Adds parameters with options of their own, for example a layer that is unfrozen while training. */
  addParamGroup({ params, ...given }: GroupInput<O>): void {
    const list = params instanceof Tensor ? [params] : [...params];
    const known = new Set(this.paramGroups.flatMap((g) => g.params));
    for (const [i, p] of list.entries()) {
      if (!(p instanceof Tensor)) this.#refuse(`parameter ${i} is ${typeof p}, not a tensor`);
      const shown = `parameter ${i} of shape ${show(p.shape)}`;
      if (!p.isLeaf) this.#refuse(`${shown} is no leaf`, "optimise the tensor it was computed from");
      if (!isFloat(p.dtype)) this.#refuse(`${shown} is ${p.dtype}`, "only floating tensors are trained");
      if (known.has(p)) this.#refuse(`${shown} appears twice`);
      known.add(p);
    }
    const options = parse(this.constructor.name, [given], {}, this.defaults);
    this.check(options);
    this.paramGroups.push({ ...options, params: list } as ParamGroup<O>);
  }

  /** Errors: ArgumentError for options outside their domain. */
  protected abstract check(options: O): void;
  /** Updates the parameters of one group, all of which have a gradient. */
  protected abstract update(group: ParamGroup<O>, ready: readonly Ready<S>[]): void;
  /** The state of a parameter before its first update. */
  protected abstract initial(param: Tensor, group: ParamGroup<O>): S;

  /** Updates every parameter that has a gradient. `closure` re-evaluates the loss with recording on; its value is returned. */
  step<T = void>(closure?: () => T): T | undefined {
    const loss = closure?.();
    noGrad(() => {
      for (const group of this.paramGroups) this.#stepGroup(group);
    });
    return loss;
  }

  #stepGroup(group: ParamGroup<O>): void {
    const ready: Ready<S>[] = [];
    const copies: [Tensor, Tensor][] = [];
    const temporary: Tensor[] = [];
    for (const param of group.params) {
      const grad = param.peekGrad();
      if (!grad) continue;
      let state = this.state.get(param);
      if (!state) this.state.set(param, (state = this.initial(param, group)));
      const whole = fillsStorage(param);
      const target = whole ? param : param.clone();
      if (!whole) copies.push([param, target]);
      const plain = fillsStorage(grad) && grad.storage !== param.storage && grad.dtype === param.dtype;
      const slope = plain ? grad : grad.dtype === param.dtype ? grad.clone() : grad.cast(param.dtype);
      if (!plain) temporary.push(slope);
      ready.push({ param: target, grad: slope, state });
    }
    if (ready.length > 0) this.update(group, ready);
    for (const [param, target] of copies) overwrite(param, target);
    for (const x of temporary) x.dispose();
  }

  /** A state tensor of the parameter's shape, which outlives every tidy(). It takes no memory before its first use. */
  protected zerosFor(param: Tensor): Tensor {
    return keep(param.filledLike(0));
  }

  /** Forgets all gradients; with setToNone false they become zeros instead. */
  zeroGrad({ setToNone = true }: { readonly setToNone?: boolean } = {}): void {
    for (const group of this.paramGroups)
      for (const param of group.params) {
        if (setToNone) param.grad = null;
        else if (param.peekGrad()) param.grad = param.filledLike(0);
      }
  }

  /** State and options as PyTorch lays them out, `step` as a 0-d tensor. The tensors are the live ones, not copies. */
  stateDict(): OptimizerStateDict {
    const numbers = new Map(this.paramGroups.flatMap((group) => group.params).map((p, i) => [p, i]));
    const state: Record<string, Record<string, Tensor | number>> = {};
    for (const [p, own] of this.state) {
      const entry: Record<string, Tensor> = (state[numbers.get(p)!] = {});
      for (const [name, value] of Object.entries(own))
        if (value !== undefined) entry[name] = typeof value === "number" ? Tensor.constant(p.storage.device, value, "float32", []) : value;
    }
    const param_groups = this.paramGroups.map(({ params, ...options }) => {
      const named = Object.entries(options).map(([key, value]) => [snake(key), Array.isArray(value) ? [...(value as unknown[])] : value]);
      return { ...Object.fromEntries(named), params: params.map((p) => numbers.get(p)!) };
    });
    return { state, param_groups };
  }

  /** Copies a state dict of PyTorch's layout. Errors: FormatError or ShapeError when it does not fit; nothing is changed then. */
  loadStateDict({ param_groups, state }: OptimizerStateDict): void {
    const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
    if (lengthOf(param_groups) !== this.paramGroups.length)
      misfit(`${lengthOf(param_groups)} parameter groups, this optimizer has ${this.paramGroups.length}`);
    const owners = new Map<string, Tensor>();
    const options = this.paramGroups.map((group, k) => {
      const { params, ...saved } = param_groups[k]!;
      if (lengthOf(params) !== group.params.length)
        misfit(`group ${k} has ${lengthOf(params)} parameters, this optimizer ${group.params.length}`);
      group.params.forEach((p, i) => owners.set(String((params as unknown[])[i]), p));
      // PyTorch keeps options there that have no meaning here (foreach, capturable); its schedulers keep initial_lr.
      const known = Object.entries(saved).filter(([key]) => key === "initial_lr" || Object.hasOwn(group, camel(key)));
      return Object.fromEntries(known.map(([key, value]) => [camel(key), value]));
    });
    options.forEach((o, k) => this.check({ ...this.paramGroups[k]!, ...o }));
    const loaded = Object.entries(state).map(([id, entry]) => {
      const owner = owners.get(id) ?? misfit(`state for parameter ${id}, which is in no group`);
      const fresh = Object.entries(entry).map(([name, value]) => [name, restored(`${name} of parameter ${id}`, name, value, owner)]);
      return [owner, Object.fromEntries(fresh) as S] as const;
    });
    options.forEach((o, k) => Object.assign(this.paramGroups[k]!, o));
    this.state.clear();
    for (const [param, own] of loaded) this.state.set(param, own);
  }

  /** The class, its groups and their options, as PyTorch prints them. */
  toString(): string {
    const groups = this.paramGroups.map((group, k) => {
      const options = Object.entries(group).filter(([key]) => key !== "params");
      const lines = options.map(([key, value]) => `    ${snake(key)}: ${repr(value)}\n`);
      return `Parameter Group ${k}\n${lines.sort().join("")}`;
    });
    return `${this.constructor.name} (\n${groups.join("\n")})`;
  }
}

/** A number or tensor of a parameter's state, where and as the parameter is. */
function restored(what: string, name: string, value: unknown, { shape, storage, dtype }: Tensor): Tensor | number {
  if (typeof value === "number") return value;
  if (!(value instanceof Tensor)) return misfit(`${what} is ${typeof value}, neither tensor nor number`);
  if (name === "step") return knownValue(value) ?? misfit(`${what} cannot be read`, "give a number or a one-element tensor on the CPU");
  if (!sameShape(value.shape, shape))
    throw new ShapeError("loadStateDict", `${what} has shape ${show(value.shape)}, the parameter ${show(shape)}`);
  return keep(transferred("loadStateDict", value, { device: storage.device, dtype }));
}
