// Base of the optimisers: parameter groups, per-parameter state, and state dicts in PyTorch's layout.
import { noGrad } from "../autograd/mode.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, FormatError, ShapeError, show } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import { constantOf } from "../backend/backend.ts";
import { overwrite } from "../dispatch.ts";
import { fillsStorage } from "../ops/stepping.ts";
import { keep } from "../autograd/scope.ts";
import { Tensor } from "../tensor.ts";
import { transferred } from "../transfer.ts";

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

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());

/** Base of every optimiser. Subclasses implement `update` for the ready parameters of one group. */
export abstract class Optimizer<O extends object = object, S extends ParamState = ParamState> {
  readonly paramGroups: ParamGroup<O>[] = [];
  readonly defaults: Readonly<O>;
  readonly state = new Map<Tensor, S>();

  /** Errors: ArgumentError for an empty list, a repeated parameter, or something that is no leaf requiring a gradient. */
  constructor(params: Params<O>, defaults: O) {
    this.defaults = defaults;
    if (params instanceof Tensor)
      throw new ArgumentError(this.#name, "params must be a list of tensors or groups, got one tensor", "write [tensor]");
    const list = [...(params as Iterable<Tensor | GroupInput<O>>)];
    if (list.length === 0) throw new ArgumentError(this.#name, "got an empty parameter list");
    const groups = list.some((item) => !(item instanceof Tensor))
      ? (list as GroupInput<O>[])
      : [{ params: list as Tensor[] } as unknown as GroupInput<O>];
    for (const group of groups) this.addParamGroup(group);
  }

  get #name(): string {
    return this.constructor.name;
  }

  /** Adds parameters with options of their own, for example a layer that is unfrozen while training. */
  addParamGroup(group: GroupInput<O>): void {
    const { params, ...given } = group;
    const list = params instanceof Tensor ? [params] : [...params];
    const known = new Set(this.paramGroups.flatMap((g) => g.params));
    for (const [i, p] of list.entries()) {
      if (!(p instanceof Tensor)) throw new ArgumentError(this.#name, `parameter ${i} is ${typeof p}, not a tensor`);
      if (!p.isLeaf)
        throw new ArgumentError(
          this.#name,
          `parameter ${i} of shape ${show(p.shape)} is no leaf`,
          "optimise the tensor it was computed from",
        );
      if (!isFloat(p.dtype)) throw new ArgumentError(this.#name, `parameter ${i} is ${p.dtype}`, "only floating tensors are trained");
      if (known.has(p)) throw new ArgumentError(this.#name, `parameter ${i} of shape ${show(p.shape)} appears twice`);
      known.add(p);
    }
    for (const key of Object.keys(given))
      if (!Object.hasOwn(this.defaults, key))
        throw new ArgumentError(this.#name, `unknown option ${key}`, `known: ${Object.keys(this.defaults).join(", ")}`);
    const options = { ...this.defaults, ...given };
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
    const numbers = new Map<Tensor, number>();
    for (const group of this.paramGroups) for (const p of group.params) numbers.set(p, numbers.size);
    const state: Record<string, Record<string, Tensor | number>> = {};
    for (const [p, own] of this.state) {
      const entry: Record<string, Tensor | number> = {};
      for (const [name, value] of Object.entries(own))
        if (value !== undefined) entry[name] = typeof value === "number" ? Tensor.constant(p.storage.device, value, "float32", []) : value;
      state[numbers.get(p)!] = entry;
    }
    const param_groups = this.paramGroups.map(({ params, ...options }) => ({
      ...Object.fromEntries(
        Object.entries(options).map(([key, value]) => [snake(key), Array.isArray(value) ? [...(value as unknown[])] : value]),
      ),
      params: params.map((p) => numbers.get(p)!),
    }));
    return { state, param_groups };
  }

  /** Copies a state dict of PyTorch's layout. Errors: FormatError or ShapeError when it does not fit; nothing is changed then. */
  loadStateDict(dict: OptimizerStateDict): void {
    const groups = dict.param_groups;
    if (!Array.isArray(groups) || groups.length !== this.paramGroups.length)
      throw new FormatError(
        "loadStateDict",
        `${Array.isArray(groups) ? groups.length : "no"} parameter groups, this optimizer has ${this.paramGroups.length}`,
      );
    const owners = new Map<string, [Tensor, ParamGroup<O>]>();
    const options = groups.map((saved: Readonly<Record<string, unknown>>, k) => {
      const group = this.paramGroups[k]!;
      const ids = saved["params"];
      if (!Array.isArray(ids) || ids.length !== group.params.length)
        throw new FormatError(
          "loadStateDict",
          `group ${k} has ${Array.isArray(ids) ? ids.length : "no"} parameters, this optimizer ${group.params.length}`,
        );
      ids.forEach((id, i) => owners.set(String(id), [group.params[i]!, group]));
      // PyTorch keeps options there that have no meaning here (foreach, capturable); its schedulers keep initial_lr.
      const entries = Object.entries(saved).flatMap(([key, value]): [string, unknown][] => (key === "params" ? [] : [[camel(key), value]]));
      return Object.fromEntries(
        entries.filter(([key]) => Object.hasOwn(this.defaults, key) || Object.hasOwn(group, key) || key === "initialLr"),
      );
    });
    options.forEach((o, k) => this.check({ ...this.paramGroups[k]!, ...o }));
    const loaded = Object.entries(dict.state).map(([id, entry]) => {
      const owner = owners.get(id);
      if (!owner) throw new FormatError("loadStateDict", `state for parameter ${id}, which is in no group`);
      return [owner[0], this.#restore(id, owner[0], entry)] as const;
    });
    options.forEach((o, k) => Object.assign(this.paramGroups[k]!, o));
    this.state.clear();
    for (const [param, state] of loaded) this.state.set(param, state);
  }

  #restore(id: string, param: Tensor, entry: Readonly<Record<string, Tensor | number>>): S {
    const state: Record<string, Tensor | number> = {};
    for (const [name, value] of Object.entries(entry))
      if (typeof value === "number") state[name] = value;
      else if (!(value instanceof Tensor))
        throw new FormatError("loadStateDict", `${name} of parameter ${id} is ${typeof value}, neither tensor nor number`);
      else if (name === "step") state[name] = scalar(id, value);
      else if (!sameShape(value.shape, param.shape))
        throw new ShapeError(
          "loadStateDict",
          `${name} of parameter ${id} has shape ${show(value.shape)}, the parameter ${show(param.shape)}`,
        );
    for (const [name, value] of Object.entries(entry))
      if (value instanceof Tensor && name !== "step")
        state[name] = keep(transferred("loadStateDict", value, { device: param.storage.device, dtype: param.dtype }));
    return state as S;
  }

  /** The class, its groups and their options, as PyTorch prints them. */
  toString(): string {
    const groups = this.paramGroups.map((group, k) => {
      const lines = Object.entries(group).filter(([key]) => key !== "params");
      return [`Parameter Group ${k}`, ...lines.map(([key, value]) => `    ${snake(key)}: ${printed(value)}`).sort()].join("\n");
    });
    return `${this.#name} (\n${groups.join("\n\n")}\n)`;
  }
}

const printed = (value: unknown): string =>
  Array.isArray(value) ? `(${value.map(printed).join(", ")})` : value === true ? "True" : value === false ? "False" : String(value);

function scalar(id: string, value: Tensor): number {
  const known =
    constantOf(value) ??
    (value.size === 1 && value.storage.device.type === "cpu" ? (value.storage.memory as ArrayLike<number>)[value.offset] : undefined);
  if (value.size !== 1 || known === undefined)
    throw new FormatError("loadStateDict", `step of parameter ${id} cannot be read`, "give a number or a one-element tensor on the CPU");
  return known;
}
