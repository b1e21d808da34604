// Loading a state dict: everything is checked and converted before anything is written.
import { described } from "../base/copies.ts";
import { ArgumentError, FormatError, ShapeError, show, under } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import { overwrite } from "../tensor/dispatch.ts";
import { Tensor } from "../tensor/tensor.ts";
import { transferred } from "../tensor/transfer.ts";
import { isUninitialized } from "./parameter.ts";

/** Tensors by state-dict key: a plain object or a Map. */
export type StateDict = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/** Keys that the model has and the dict lacks, and the other way round. */
export interface LoadReport {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

/** The first of them, behind their number. */
const some = (list: readonly string[], what: string): string => `${list.length} ${what}: ${list.slice(0, 8).join(", ")}`;

/** Copies `dict` into `entries`; those on a lost device move to the default one. Errors: FormatError for keys, ShapeError for shapes; nothing is written then. */
export function loadState(model: string, entries: Iterable<readonly [string, Tensor]>, dict: StateDict, strict: boolean): LoadReport {
  return under("loadStateDict", () => {
    const given = new Map<string, Tensor>(dict instanceof Map ? dict : Object.entries(Object(dict) as object));
    const own = new Map(entries);
    const missingKeys = [...own.keys()].filter((key) => !given.has(key));
    const unexpectedKeys: string[] = [];
    const misfits: string[] = [];
    for (const [key, source] of given) {
      const target = own.get(key);
      if (!(source instanceof Tensor)) throw new ArgumentError(`${key} is ${described(source)}, not a tensor`);
      target?.checkLive();
      if (!target) unexpectedKeys.push(key);
      else if (!isUninitialized(target) && !sameShape(target.shape, source.shape))
        misfits.push(`${key} is ${show(source.shape)} in the dict, ${show(target.shape)} in the model`);
    }
    if (misfits.length > 0) throw new ShapeError(some(misfits, "shapes differ"));
    const strays = [...missingKeys.map((key) => `missing ${key}`), ...unexpectedKeys.map((key) => `unexpected ${key}`)];
    if (strict && strays.length > 0) throw new FormatError(some(strays, `keys do not match ${model}`), "{ strict: false } loads what fits");
    const fresh = [...own].flatMap(([key, target]): [Tensor, Tensor][] => {
      const source = given.get(key);
      return source && !isUninitialized(source) ? [[target, transferred(source, target)]] : [];
    });
    for (const [target, source] of fresh) {
      if (isUninitialized(target)) target.materialize(source.shape);
      if (target.storage.device.lost) target.moveTo(source);
      else overwrite(target, source);
    }
    return { missingKeys, unexpectedKeys };
  });
}
