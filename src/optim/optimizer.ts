// Base of the optimisers: parameter groups, per-parameter state, and state dicts in PyTorch's layout.
import "../ops/core/index.ts";
import { noGrad, synchronous } from "../autograd/mode.ts";
import { keep } from "../autograd/scope.ts";
import { checkKinds } from "../base/checks.ts";
import { described, isForeign } from "../base/copies.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, FormatError, show, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { camel, renamed, repr, snake } from "../base/python.ts";
import { isWhole } from "../base/random.ts";
import { callable, entry, exactly, listed } from "../base/reading.ts";
import { copied, record } from "../base/record.ts";
import { checkFits } from "../ops/arguments.ts";
import { overwrite } from "../tensor/dispatch.ts";
import { Tensor } from "../tensor/tensor.ts";
import { knownValue, knownValues, transferred } from "../tensor/transfer.ts";

/** A parameter group: `params` and this optimiser's options, each of which may be changed between steps. */
export type ParamGroup<O extends object> = { params: Tensor[] } & O & Record<string, unknown>;
/** What a group may leave out falls back on the optimiser's options. */
export type GroupInput<O extends object> = { readonly params: Tensor | Iterable<Tensor> } & Partial<O>;
/** A tensor is iterable, too, but its rows are no parameters. */
type Several = Iterable<Tensor> & { readonly dtype?: never };
export type Params<O extends object> = Several | Iterable<GroupInput<O>>;

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

/** A parameter that has a gradient, with what its update needs, all of one shape, dtype and device. */
export interface Ready<S> {
  readonly param: Tensor;
  readonly grad: Tensor;
  /** Complete; what is changed in it takes effect when the whole step has succeeded. */
  readonly state: S;
  /** Whether the state was incomplete until now, as at the first update: its new tensors are zeros. */
  readonly fresh: boolean;
}
/** The same beside what it came from. */
interface Prepared<S> extends Ready<S> {
  /** The parameter of the group, where `param` is a dense copy of it. */
  readonly owner: Tensor;
  readonly slope: Tensor;
}

const refuse = (what: string, remedy?: string): never => {
  throw new ArgumentError(what, remedy);
};
const misfit = (what: string, remedy?: string): never => {
  throw new FormatError(what, remedy);
};

/**
 * Base of every optimiser. Subclasses implement `update` for the ready parameters of one group.
 * @example
 * const net = new nn.Linear(2, 1);
 * const optimizer: optim.Optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
 * net.call(ones(1, 2)).sum().backward();
 * optimizer.step();
 * optimizer.zeroGrad();
 * net.weight.grad; // → null
 */
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
      const groups = list[0] instanceof Tensor || isForeign(list[0]) ? [{ params: list }] : list;
      for (const group of groups as GroupInput<O>[]) this.addParamGroup(group);
    });
  }

  /** The parameters of all groups, in their order. */
  get #params(): Tensor[] {
    return this.paramGroups.flatMap((group) => group.params);
  }

  /** Adds parameters with options of their own, for example a layer that is unfrozen while training. */
  addParamGroup(group: GroupInput<O>): void {
    entry(this.constructor.name, arguments, 1, () => {
      const { params, ...own } = group;
      const given = (params as typeof params | undefined) ?? refuse("a group has no params");
      const list = given instanceof Tensor ? [given] : Array.from(given);
      const known = new Set(this.#params);
      for (const [i, p] of list.entries()) {
        if (!(p instanceof Tensor)) refuse(`parameter ${i} is ${described(p)}, not a tensor`);
        // Lazy layers have parameters without a shape.
        const shown = (): string => `parameter ${i} of shape ${show(p.shape)}`;
        if (!p.isLeaf) refuse(`${shown()} is no leaf`, "optimise what it was computed from");
        if (!isFloat(p.dtype)) refuse(`${shown()} is ${p.dtype}`, "only floating tensors are trained");
        if (known.has(p)) refuse(`${shown()} appears twice`);
        known.add(p);
      }
      const options = parse([own], {}, this.defaults);
      this.#checkOptions(options);
      this.paramGroups.push({ ...options, params: list } as ParamGroup<O>);
    });
  }

  /** Errors: ArgumentError for options outside their domain. */
  protected abstract check(options: O): void;
  /** Updates the parameters of one group, all of which have a gradient. */
  protected abstract update(group: ParamGroup<O>, ready: readonly Ready<S>[]): void;
  /** Names of what is kept for each parameter: `step`, which counts, and tensors of the parameter's shape, which start as zeros. */
  protected abstract stateNames(group: O): readonly string[];

  #checkOptions(options: O): void {
    checkKinds(options, this.defaults);
    this.check(options);
  }

  /**
   * Updates every parameter that has a gradient, or none at all. `closure` re-evaluates the loss with recording on; its value is returned.
   * Everything is checked and made ready before anything is changed. Errors: the first of those that the device met and nobody was told;
   * a step that cannot run changes nothing, which the next one says.
   */
  step<T = void>(closure?: () => T): T | undefined {
    const loss = closure && synchronous("step", callable("step", closure, "closure")());
    under("step", () =>
      noGrad(() => {
        const groups = this.paramGroups.map((group) => [group, this.#prepared(group)] as const);
        const all = groups.flatMap(([, ready]) => ready);
        const update = (): void => {
          for (const [group, ready] of groups) if (ready.length > 0) this.update(group, ready);
          for (const one of all) this.#conclude(one);
        };
        const devices = new Set(all.map(({ owner }) => owner.storage.device));
        const undo = this.#restorer(all);
        [...devices].reduce((inner, device) => () => device.transaction(inner, undo), update)();
      }),
    );
    return loss;
  }

  #prepared(group: ParamGroup<O>): Prepared<S>[] {
    checkKinds(group, this.defaults);
    const names = this.stateNames(group);
    return group.params.flatMap((owner, i) => {
      const slope = owner.peekGrad();
      if (!slope) return [];
      checkFits(`the gradient of parameter ${i}`, slope.shape, owner.shape);
      const plain = slope.whole && slope.storage !== owner.storage && isLike(slope, owner);
      const { state, fresh } = this.#stateFor(owner, names, `parameter ${i}`);
      const param = owner.whole ? owner : owner.clone();
      const grad = plain ? slope : transferred(slope, owner);
      // Memory is taken, and what was released is met, while nothing has been updated.
      for (const t of [param, grad, ...Object.values(state)]) if (t instanceof Tensor) void t.storage.memory;
      return { owner, param, slope, grad, state, fresh };
    });
  }

  /** A copy of the parameter's state with all that these names ask for, where the parameter is. */
  #stateFor(param: Tensor, names: readonly string[], what: string): Pick<Ready<S>, "state" | "fresh"> {
    const state: ParamState = { ...this.state.get(param) };
    let fresh = false;
    for (const name of names) {
      const value = state[name];
      if (value === undefined) {
        fresh = true;
        // The zeros outlive every tidy().
        state[name] = name === "step" ? 0 : keep(param.filledLike(0));
      } else state[name] = restored(`${name} of ${what}`, name, value, param);
    }
    return { state: state as S, fresh };
  }

  /** A function that puts these parameters' state back as it is now, unless another one is loaded meanwhile. */
  #restorer(all: readonly Prepared<S>[]): () => void {
    const loaded = this.#loaded;
    const before = all.map(({ owner }) => [owner, this.state.get(owner) && { ...this.state.get(owner)! }] as const);
    return () => {
      if (loaded !== this.#loaded) return;
      for (const [owner, former] of before) {
        const own = this.state.get(owner);
        if (own && former) for (const name in own) if (!(name in former)) delete own[name];
        if (former) this.state.set(owner, Object.assign(own ?? {}, former));
        else this.state.delete(owner);
      }
    };
  }

  /** Lets the step count, and takes what was computed in copies over. */
  #conclude({ owner, param, slope, grad, state }: Prepared<S>): void {
    if (param !== owner) overwrite(owner, param);
    if (grad !== slope) grad.dispose();
    if (Object.keys(state).length > 0) this.state.set(owner, Object.assign(this.state.get(owner) ?? {}, state));
  }

  /** Forgets all gradients; with setToNone false they become zeros instead. */
  zeroGrad(...rest: [setToNone?: boolean] | [options: { readonly setToNone?: boolean }]): void {
    const { setToNone } = entry("zeroGrad", rest, Infinity, () => parse(rest, { setToNone: true }));
    for (const p of this.#params) p.grad = setToNone || !p.peekGrad() ? null : p.filledLike(0);
  }

  /** State and options as PyTorch lays them out, `step` as a 0-d tensor. The tensors are the live ones, not copies. */
  stateDict(): OptimizerStateDict {
    const numbers = new Map(this.#params.map((p, i) => [p, i]));
    const state = Array.from(this.state, ([p, own]) => {
      const tensors = Object.entries(own).flatMap(([name, value]): [string, Tensor][] =>
        value === undefined ? [] : [[name, typeof value === "number" ? Tensor.constant(p.storage.device, value, "float32", []) : value]],
      );
      return [numbers.get(p)!, record(tensors)] as const;
    });
    const param_groups = this.paramGroups.map(({ params, ...options }) => ({
      ...renamed(structuredClone(options), snake),
      params: params.map((p) => numbers.get(p)!),
    }));
    return { state: record(state), param_groups };
  }

  /**
   * Copies a state dict of PyTorch's layout. Errors: FormatError, ShapeError or ArgumentError when it does not fit or no training leaves it behind
   * (a count that is no whole number, negative squares, options of another kind); nothing is changed then. Elements that lie on the GPU cannot be
   * looked at and are taken as they are.
   */
  loadStateDict(dict: OptimizerStateDict): void {
    this.plannedState(dict)();
  }
  /** Checks a state dict as loadStateDict does, and returns what puts it into place. */
  plannedState(dict: OptimizerStateDict): () => void {
    return entry("loadStateDict", arguments, 1, () => {
      const { param_groups, state }: Partial<OptimizerStateDict> = Object(dict) as OptimizerStateDict;
      const groups = this.paramGroups;
      const fit = (what: string, own: readonly unknown[], given: unknown): void => {
        const count = Array.isArray(given) ? given.length : 0;
        if (count !== own.length) misfit(`${count} ${what} in the dict, ${own.length} in the optimizer`);
      };
      fit("groups", groups, param_groups);
      const owners = new Map<string, readonly [param: Tensor, names: readonly string[]]>();
      const options = groups.map((group, k) => {
        const { params, ...saved } = Object(param_groups![k]) as Record<string, unknown>;
        fit(`parameters of group ${k}`, group.params, params);
        // PyTorch keeps options there that have no meaning here (foreach, capturable); its schedulers keep initial_lr.
        const named = Object.entries(renamed(saved, camel)).filter(([key]) => key === "initialLr" || Object.hasOwn(this.defaults, key));
        const known = Object.fromEntries(named.map(([key, value]) => [key, copied(value)]));
        const all = { ...group, ...known };
        this.#checkOptions(all);
        if ("initialLr" in all) checkKinds(all, { initialLr: 0 });
        for (const [i, p] of group.params.entries()) {
          const id = String((params as unknown[])[i]);
          if (owners.has(id)) misfit(`parameter ${id} appears twice in the dict`);
          owners.set(id, [p, this.stateNames(all)]);
        }
        return known;
      });
      const loaded = Object.entries(state ?? {}).map(([id, entry]) => {
        const [owner, names] = owners.get(id) ?? misfit(`parameter ${id} is in no group`);
        const given = Object.entries(Object(entry) as object).filter(([, value]) => value != null);
        const fresh = record(given.map(([name, value]) => [name, loadable(`${name} of parameter ${id}`, name, value, owner)] as const));
        // Nothing at all is the state of a parameter that was never updated.
        for (const name of names) if (given.length > 0 && !(name in fresh)) misfit(`parameter ${id} has no ${name}`);
        return [owner, { ...fresh } as S] as const;
      });
      return () => {
        options.forEach((o, k) => Object.assign(groups[k]!, o));
        this.#loaded++;
        this.state.clear();
        for (const [param, own] of loaded) this.state.set(param, own);
      };
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
  static {
    exactly(this.prototype, "step", "stateDict", "loadStateDict", "toString");
  }
}

const isLike = (x: Tensor, param: Tensor): boolean => x.dtype === param.dtype && x.storage.device === param.storage.device;

/** A parameter's count or tensor for the next update: itself, or where and as the parameter has moved to meanwhile. */
function restored(what: string, name: string, value: Tensor | number, param: Tensor): Tensor | number {
  if (name === "step") return counted(what, value);
  if (!(value instanceof Tensor)) return misfit(`${what} is ${typeof value}, not a tensor`);
  checkFits(what, value.shape, param.shape);
  return value.whole && isLike(value, param) ? value : keep(transferred(value, param));
}

/** A copy of a number or tensor of a loaded state, where and as the parameter is. */
function loadable(what: string, name: string, value: unknown, param: Tensor): Tensor | number {
  if (name === "step") return counted(what, value);
  if (typeof value === "number") return value;
  if (!(value instanceof Tensor)) return misfit(`${what} is ${described(value)}, not a tensor`);
  checkFits(what, value.shape, param.shape);
  // Squares, and the largest of them, by PyTorch's names. What overflowed or went astray in training is what training left behind.
  if (name.endsWith("_sq")) for (const v of knownValues(value) ?? []) if (v < 0) misfit(`${what} holds ${v}`, "squares are not negative");
  return keep(transferred(value, param));
}

/** How often a parameter was updated. */
function counted(what: string, value: unknown): number {
  const count = value instanceof Tensor ? knownValue(value) : value;
  if (count === undefined) return misfit(`${what} cannot be read`, "a number, or one element on the CPU");
  return isWhole(count as number, 0) ? (count as number) : misfit(`${what} is ${String(count)}, not a whole number`);
}
