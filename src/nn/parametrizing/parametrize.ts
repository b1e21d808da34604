// The `nn.utils.parametrize` namespace: parameters that are functions of other parameters.
import { noGrad, synchronous } from "../../autograd/mode.ts";
import { described } from "../../base/copies.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { callable, entry, exactly, takes } from "../../base/reading.ts";
import { sameShape } from "../../base/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { ModuleSequence } from "../container.ts";
import { ModuleDict } from "../dict.ts";
import type { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { compute, property, register, remove, stateName, tensorIn } from "./computed.ts";

/** A module whose forward makes a tensor of one or several others. */
export interface Parametrization extends Module {
  /** What forward would have to be given for this value; undefined where that is not known. */
  rightInverse?(value: Tensor): Tensor | readonly Tensor[] | undefined;
}
type Originals = Tensor | readonly Tensor[];
type Unsafe = [unsafe?: boolean] | [options: { readonly unsafe?: boolean }];

/** Errors: DtypeError, ShapeError for what may not take the place of a tensor. */
function checkLike(given: unknown, like: Pick<Tensor, "shape" | "dtype">, who: string): void {
  if (!(given instanceof Tensor)) throw new ArgumentError(`${who} gives ${described(given)}, not a tensor`);
  if (given.dtype !== like.dtype) throw new DtypeError(`${who} makes ${given.dtype} of ${like.dtype}`, "{ unsafe: true } allows it");
  if (!sameShape(given.shape, like.shape))
    throw new ShapeError(`${who} makes ${show(given.shape)} of ${show(like.shape)}`, "{ unsafe: true } allows it");
}

/**
 * The parametrizations of one tensor, in the order in which they are applied, and what they are applied to: `original`, or `original0`,
 * `original1`, … Made by registerParametrization().
 * @example
 * const layer = nn.utils.parametrizations.spectralNorm(new nn.Linear(2, 3));
 * const lists = (layer as unknown as { parametrizations: nn.ModuleDict }).parametrizations;
 * Object.keys(lists.stateDict()); // → ["weight.original", "weight.0._u", "weight.0._v"]
 */
export class ParametrizationList extends ModuleSequence<Parametrization> {
  static override readonly name: string = "ParametrizationList";
  /** Whether the parametrizations may change shape and dtype. */
  declare unsafe: boolean;
  /** How many originals there are; 0 stands for one that is no list. */
  declare protected readonly several: number;

  constructor(modules: Iterable<Parametrization>, original: Tensor, ...rest: Unsafe) {
    super();
    entry("ParametrizationList", [modules, original, ...rest], Infinity, () => {
      const { unsafe } = parse(rest, { unsafe: false });
      this.extend(modules);
      if (this.length === 0) throw new ArgumentError("there are no parametrizations");
      const { shape, dtype } = original;
      const values = noGrad(() => this.inverse(original, false));
      const single = values instanceof Tensor;
      if (!unsafe) noGrad(() => checkLike(this.through(values), { shape, dtype }, "forward of rightInverse"));
      if (single && values.dtype !== dtype) throw new DtypeError(`rightInverse makes ${values.dtype} of ${dtype}`);
      Object.assign(this, { unsafe, several: single ? 0 : values.length });
      if (single) {
        // The same object, so that optimisers go on with it.
        if (values !== original) original.data = values;
        register(this, "original", original);
      } else {
        const { requiresGrad } = original;
        for (const [i, value] of values.entries())
          register(this, `original${i}`, original instanceof Parameter ? new Parameter(value, { requiresGrad }) : value);
      }
    });
  }
  /** What the parametrizations are applied to. */
  protected originals(): Originals {
    const at = (name: string): Tensor => property(this, name) as Tensor;
    return this.several === 0 ? at("original") : Array.from({ length: this.several }, (_, i) => at(`original${i}`));
  }
  protected through(originals: Originals): unknown {
    const [first, ...others] = this.list();
    const made: unknown = first!.call(...[originals].flat());
    return others.reduce((x, module): unknown => module.call(x), made);
  }
  /** What the originals have to be for a value; parametrizations that cannot tell are taken for the identity unless they `must`. */
  protected inverse(value: Tensor, must: boolean): Originals {
    return this.list().reduceRight<Originals>((x, module) => {
      const inverse = module.rightInverse?.(x as Tensor);
      if (inverse === undefined && must) throw new ArgumentError(`${module.constructor.name} has no right inverse`);
      return inverse ?? x;
    }, value);
  }
  /** Makes the originals such that the value comes out. */
  rightInverse(value: Tensor): void {
    entry("rightInverse", arguments, 1, () =>
      noGrad(() => {
        const [before, after] = [this.originals(), this.inverse(value, true)].map((x) => [x].flat()) as [Tensor[], Tensor[]];
        if (before.length !== after.length) throw new ArgumentError(`${after.length} tensors for ${before.length}`);
        for (const [i, x] of after.entries())
          if (x.dtype !== before[i]!.dtype) throw new DtypeError(`rightInverse makes ${x.dtype}, the original is ${before[i]!.dtype}`);
        for (const [i, x] of after.entries()) if (x !== before[i]) before[i]!.data = x;
      }),
    );
  }
  /** The tensor that the parametrizations make. */
  override forward(): Tensor {
    return this.through(this.originals()) as Tensor;
  }
  static {
    exactly(this.prototype, "forward");
  }
}

/** Parametrized modules hold this under `parametrizations`. */
function listsOf(module: Module): ModuleDict | undefined {
  const lists = property(module, "parametrizations");
  return lists instanceof ModuleDict ? lists : undefined;
}

let caching = 0;
const cache = new Map<ParametrizationList, Tensor>();
/** The value of a parametrized tensor. */
function valueOf(list: ParametrizationList): Tensor {
  const known = cache.get(list);
  if (known && !known.disposed) return known;
  const value = list.call();
  if (caching > 0) cache.set(list, value);
  return value;
}

/**
 * Runs fn, in which every parametrized tensor is computed once, however often it is read.
 * @example
 * const layer = nn.utils.parametrizations.orthogonal(new nn.Linear(2, 2));
 * nn.utils.parametrize.cached(() => layer.weight === layer.weight); // → true
 */
export function cached<T>(fn: () => T): T {
  takes("cached", arguments, 1);
  callable("cached", fn);
  caching++;
  try {
    return synchronous("cached", fn());
  } finally {
    if (--caching === 0) cache.clear();
  }
}

/** Classes of parametrized modules, to those that they were before. */
const plain = new WeakMap<object, typeof Module>();
/** Makes an instance one of a subclass of its class, which prints a name of its own. */
function renameClass(module: Module): void {
  const Plain = module.constructor as typeof Module;
  const Renamed = class extends Plain {
    static override readonly name: string = `Parametrized${Plain.name}`;
  };
  plain.set(Renamed, Plain);
  Object.setPrototypeOf(module, Renamed.prototype);
}

/**
 * Makes the parameter or buffer `tensorName` the result of a parametrization, a module: `parametrizations.weight.original` in the state dict
 * is trained instead. Where `rightInverse` of the parametrization says how, the value stays. A second one is applied to the result of the first.
 * @example
 * class Symmetric extends nn.Module {
 *   override forward(x: Tensor): Tensor {
 *     return x.triu().add(x.triu(1).t());
 *   }
 *   rightInverse(x: Tensor): Tensor {
 *     return x.triu();
 *   }
 * }
 * const layer = nn.utils.parametrize.registerParametrization(new nn.Linear(2, 2), "weight", new Symmetric());
 * (layer as { weight: Tensor }).weight = tensor([[1, 2], [2, 3]]);
 * await layer.weight.tolist(); // → [[1, 2], [2, 3]]
 * Object.keys(layer.stateDict()); // → ["bias", "parametrizations.weight.original"]
 */
export function registerParametrization<M extends Module>(
  module: M,
  tensorName: string,
  parametrization: Parametrization,
  ...rest: Unsafe
): M {
  return entry("registerParametrization", arguments, Infinity, () => {
    const { unsafe } = parse(rest, { unsafe: false });
    parametrization.train(module.training);
    const name = stateName(module, tensorName);
    if (isParametrized(module, tensorName)) {
      const list = listsOf(module)!.get(name) as ParametrizationList;
      if (!unsafe) noGrad(() => checkNext(property(module, tensorName) as Tensor, parametrization));
      list.append(parametrization);
      list.unsafe ||= unsafe;
      return module;
    }
    const list = new ParametrizationList([parametrization], tensorIn(module, tensorName), { unsafe });
    remove(module, tensorName);
    if (!isParametrized(module)) {
      renameClass(module);
      module.registerModule("parametrizations", new ModuleDict());
    }
    const own = (m: Module): ParametrizationList => listsOf(m)!.get(name) as ParametrizationList;
    compute(
      module,
      tensorName,
      "parametrization",
      (m) => valueOf(own(m)),
      (m, value) => own(m).rightInverse(value),
    );
    listsOf(module)!.set(name, list);
    return module;
  });
}
/** Errors: as checkLike, for a parametrization that does not give its like for a value. */
function checkNext(value: Tensor, parametrization: Parametrization): void {
  const made = parametrization.call(value) as Tensor;
  checkLike(made, value, "the parametrization");
  const back = parametrization.rightInverse?.(made);
  if (back !== undefined) checkLike(back, value, "rightInverse");
}

/** Whether a module has parametrizations, or one of the tensor of that name. */
export function isParametrized(module: Module, ...rest: [tensorName?: string] | [options: { readonly tensorName?: string }]): boolean {
  return entry("isParametrized", arguments, Infinity, () => {
    const { tensorName } = parse(rest, { tensorName: "" });
    const lists = listsOf(module);
    return lists !== undefined && (tensorName === "" ? lists.length > 0 : lists.has(stateName(module, tensorName)));
  });
}

/** Puts a plain parameter or buffer back: the value that the parametrizations give, or the original if leaveParametrized is false. */
export function removeParametrizations<M extends Module>(
  module: M,
  tensorName: string,
  ...rest: [leaveParametrized?: boolean] | [options: { readonly leaveParametrized?: boolean }]
): M {
  return entry("removeParametrizations", arguments, Infinity, () => {
    const { leaveParametrized } = parse(rest, { leaveParametrized: true });
    if (!isParametrized(module, tensorName)) throw new ArgumentError(`${module.constructor.name} has no parametrization of ${tensorName}`);
    const lists = listsOf(module)!;
    const list = lists.get(stateName(module, tensorName));
    const original = property(list, "original");
    let tensor = original as Tensor | undefined;
    if (!tensor) {
      if (!leaveParametrized) throw new ArgumentError("the tensor was made of several", "leaveParametrized: true");
      const value = property(module, tensorName) as Tensor;
      tensor = value.requiresGrad ? new Parameter(value.detach()) : value;
    } else if (leaveParametrized) {
      const value = noGrad(() => property(module, tensorName)) as Tensor;
      if (value !== tensor) tensor.data = value;
    }
    lists.pop(stateName(module, tensorName));
    remove(module, tensorName);
    register(module, tensorName, tensor);
    if (lists.length === 0) {
      remove(module, "parametrizations");
      Object.setPrototypeOf(module, typeBeforeParametrizations(module).prototype);
    }
    return module;
  });
}

/** The class of a module as it was before parametrizations were registered; its class where there are none. */
export function typeBeforeParametrizations(module: Module): typeof Module {
  return entry("typeBeforeParametrizations", arguments, 1, () => {
    const { constructor } = module;
    return plain.get(constructor) ?? (constructor as typeof Module);
  });
}
