// Base of the optimisers: parameter groups, per-parameter state, and state dicts in PyTorch's layout.
import { noGrad } from "../autograd/mode.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, FormatError, show, under } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { parse } from "../base/options.ts";
import { callable, entry, listed } from "../base/reading.ts";
import { camel, renamed, repr, snake } from "../base/python.ts";
import { overwrite } from "../dispatch.ts";
import { checkFits } from "../ops/arguments.ts";
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

const refuse = (what: string, remedy?: string): never => {
  throw new ArgumentError(what, remedy);
};
const misfit = (what: string, remedy?: string): never => {
  throw new FormatError(what, remedy);
};

/** Base of every optimiser. Subclasses implement `update` for the ready parameters of one group. */
export abstract class Optimizer<O extends object = object, S extends ParamState = ParamState> {
  readonly paramGroups: ParamGroup<O>[] = [];
  declare readonly defaults: Readonly<O>;
  readonly state = new Map<Tensor, S>();
  /** How often loadStateDict has replaced the state. */
  #loaded = 0;

  /** Errors: ArgumentError for an empty list, a repeated parameter, or something that is no leaf requiring a gradient. */
  constructor(params: Params<O>, defaults: O) {
    this.defaults = defaults;
    under(new.target.name, () => {
      if (params instanceof Tensor) refuse("got one tensor for a list", "write [tensor]");
      const list = listed(new.target.name, (params as Iterable<Tensor | GroupInput<O>> | undefined) ?? [], "params");
      if (list.length === 0) refuse("empty parameter list");
      const groups = list[0] instanceof Tensor ? [{ params: list }] : list;
      for (const group of groups as GroupInput<O>[]) this.addParamGroup(group);
    });
  }

  /** The parameters of all groups, in their order. */
  get #params(): Tensor[] {
    return this.paramGroups.flatMap((group) => group.params);
  }

  /** Adds parameters with options of their own, for example a layer that is unfrozen while training. */
  addParamGroup(group: GroupInput<O>): void {
    entry(this.constructor.name, [group], () => {
      const { params, ...own } = group;
      const given = (params as typeof params | undefined) ?? refuse("a group has no params");
      const list = given instanceof Tensor ? [given] : Array.from(given);
      const known = new Set(this.#params);
      for (const [i, p] of list.entries()) {
        if (!(p instanceof Tensor)) refuse(`parameter ${i} is ${typeof p}, not a tensor`);
        const shown = `parameter ${i} of shape ${show(p.shape)}`;
        if (!p.isLeaf) refuse(`${shown} is no leaf`, "optimise what it was computed from");
        if (!isFloat(p.dtype)) refuse(`${shown} is ${p.dtype}`, "only floating tensors are trained");
        if (known.has(p)) refuse(`${shown} appears twice`);
        known.add(p);
      }
      const options = parse([own], {}, this.defaults);
      this.check(options);
      this.paramGroups.push({ ...options, params: list } as ParamGroup<O>);
    });
  }

  /** Errors: ArgumentError for options outside their domain. */
  protected abstract check(options: O): void;
  /** Updates the parameters of one group, all of which have a gradient. */
  protected abstract update(group: ParamGroup<O>, ready: readonly Ready<S>[]): void;
  /** The state of a parameter before its first update. */
  protected abstract initial(param: Tensor, group: ParamGroup<O>): S;

  /**
   * Updates every parameter that has a gradient, or none at all. `closure` re-evaluates the loss with recording on; its value is returned.
   * Errors: the first of those that the device met and nobody was told; a step that cannot run changes nothing, which the next one says.
   */
  step<T = void>(closure?: () => T): T | undefined {
    const loss = closure && callable("step", closure, "closure")();
    const undo = this.#restorer();
    const update = (): void => {
      for (const group of this.paramGroups) this.#stepGroup(group);
    };
    const devices = new Set(this.#params.map((p) => p.storage.device));
    const run = [...devices].reduce((inner, device) => () => device.transaction(inner, undo), update);
    under("step", () => noGrad(run));
    return loss;
  }

  /** A function that puts the state of every parameter back as it is now, unless another one is loaded meanwhile. */
  #restorer(): () => void {
    const loaded = this.#loaded;
    const before = new Map(Array.from(this.state, ([param, own]) => [param, { ...own }]));
    return () => {
      if (loaded !== this.#loaded) return;
      for (const [param, own] of this.state) {
        const former = before.get(param);
        if (!former) this.state.delete(param);
        for (const name in own) if (former && !(name in former)) delete own[name];
        Object.assign(own, former);
      }
    };
  }

  #stepGroup(group: ParamGroup<O>): void {
    const ready: Ready<S>[] = [];
    const after: (() => void)[] = [];
    for (const param of group.params) {
      const grad = param.peekGrad();
      if (!grad) continue;
      const state = memo(this.state, param, () => this.initial(param, group));
      const target = param.whole ? param : param.clone();
      if (target !== param) after.push(() => overwrite(param, target));
      const plain = grad.whole && grad.storage !== param.storage && grad.dtype === param.dtype;
      const slope = plain ? grad : transferred(grad, param);
      if (!plain) after.push(() => slope.dispose());
      ready.push({ param: target, grad: slope, state });
    }
    if (ready.length > 0) this.update(group, ready);
    for (const fn of after) fn();
  }

  /** A state tensor of the parameter's shape, which outlives every tidy(). It takes no memory before its first use. */
  protected zerosFor(param: Tensor): Tensor {
    return keep(param.filledLike(0));
  }

  /** Forgets all gradients; with setToNone false they become zeros instead. */
  zeroGrad({ setToNone = true }: { readonly setToNone?: boolean } = {}): void {
    for (const p of this.#params) p.grad = setToNone || !p.peekGrad() ? null : p.filledLike(0);
  }

  /** State and options as PyTorch lays them out, `step` as a 0-d tensor. The tensors are the live ones, not copies. */
  stateDict(): OptimizerStateDict {
    const all = this.#params;
    const state = Array.from(this.state, ([p, own]) => {
      const tensors = Object.entries(own).map(([name, value]) => [
        name,
        typeof value === "number" ? Tensor.constant(p.storage.device, value, "float32", []) : value,
      ]);
      return [all.indexOf(p), Object.fromEntries(tensors) as Record<string, Tensor>] as const;
    });
    const param_groups = this.paramGroups.map(({ params, ...options }) => ({
      ...renamed(structuredClone(options), snake),
      params: params.map((p) => all.indexOf(p)),
    }));
    return { state: Object.fromEntries(state), param_groups };
  }

  /** Copies a state dict of PyTorch's layout. Errors: FormatError or ShapeError when it does not fit; nothing is changed then. */
  loadStateDict(dict: OptimizerStateDict): void {
    under("loadStateDict", () => {
      const { param_groups, state }: Partial<OptimizerStateDict> = Object(dict) as OptimizerStateDict;
      const groups = this.paramGroups;
      const fit = (what: string, own: readonly unknown[], given: unknown): void => {
        const count = Array.isArray(given) ? given.length : 0;
        if (count !== own.length) misfit(`${count} ${what} in the dict, ${own.length} in the optimizer`);
      };
      fit("groups", groups, param_groups);
      const owners = new Map<string, Tensor>();
      const options = groups.map((group, k) => {
        const { params, ...saved } = Object(param_groups![k]) as Record<string, unknown>;
        fit(`parameters of group ${k}`, group.params, params);
        group.params.forEach((p, i) => owners.set(String((params as unknown[])[i]), p));
        // PyTorch keeps options there that have no meaning here (foreach, capturable); its schedulers keep initial_lr.
        const named = Object.entries(renamed(saved, camel));
        const known = Object.fromEntries(named.filter(([key]) => key === "initialLr" || Object.hasOwn(group, key)));
        this.check({ ...group, ...known });
        return known;
      });
      const loaded = Object.entries(state ?? {}).map(([id, entry]) => {
        const owner = owners.get(id) ?? misfit(`parameter ${id} is in no group`);
        const fresh = Object.entries(entry).map(([name, value]) => [name, restored(`${name} of parameter ${id}`, name, value, owner)]);
        return [owner, Object.fromEntries(fresh) as S] as const;
      });
      options.forEach((o, k) => Object.assign(groups[k]!, o));
      this.#loaded++;
      this.state.clear();
      for (const [param, own] of loaded) this.state.set(param, own);
    });
  }

  /** The class, its groups and their options, as PyTorch prints them. */
  toString(): string {
    const groups = this.paramGroups.map(({ params: _params, ...options }, k) => {
      const lines = Object.entries(options).map(([key, value]) => `    ${snake(key)}: ${repr(value)}\n`);
      return `Parameter Group ${k}\n${lines.sort().join("")}`;
    });
    return `${this.constructor.name} (\n${groups.join("\n")})`;
  }
}

/** A number or tensor of a parameter's state, where and as the parameter is. */
function restored(what: string, name: string, value: unknown, param: Tensor): Tensor | number {
  if (typeof value === "number") return value;
  if (!(value instanceof Tensor)) return misfit(`${what} is ${typeof value}, not a tensor`);
  if (name === "step") return knownValue(value) ?? misfit(`${what} cannot be read`, "a number, or one element on the CPU");
  checkFits(what, value.shape, param.shape);
  return keep(transferred(value, param));
}
