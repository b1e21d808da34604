// Loading a state dict: everything is checked and converted before anything is written.
import { ArgumentError, FormatError, ShapeError, show } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import { overwrite } from "../dispatch.ts";
import { Tensor } from "../tensor.ts";
import { transferred } from "../transfer.ts";

/** Tensors by state-dict key: a plain object or a Map. */
export type StateDict = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/** Keys that the model has and the dict lacks, and the other way round. */
export interface LoadReport {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

const some = (list: readonly string[]): string => list.slice(0, 8).join(", ") + (list.length > 8 ? ` and ${list.length - 8} more` : "");

/** Copies `dict` into `entries`. Errors: FormatError for keys, ShapeError for shapes; nothing is written then. */
export function loadState(model: string, entries: Iterable<readonly [string, Tensor]>, dict: StateDict, strict: boolean): LoadReport {
  const given = new Map<string, Tensor>(dict instanceof Map ? dict : Object.entries(dict));
  const own = new Map(entries);
  const missingKeys = [...own.keys()].filter((key) => !given.has(key));
  const unexpectedKeys = [...given.keys()].filter((key) => !own.has(key));
  for (const [key, value] of given)
    if (!(value instanceof Tensor)) throw new ArgumentError("loadStateDict", `${key} is ${typeof value}, not a tensor`);
  const pairs = [...own].flatMap(([key, target]) => (given.has(key) ? [{ key, target, source: given.get(key)! }] : []));
  const misfits = pairs.filter(({ target, source }) => !sameShape(target.shape, source.shape));
  const shapes = misfits.map(
    ({ key, target, source }) => `${key} is ${show(source.shape)} in the dict, ${show(target.shape)} in the model`,
  );
  if (shapes.length > 0) throw new ShapeError("loadStateDict", some(shapes));
  const keys = [missingKeys.length && `missing ${some(missingKeys)}`, unexpectedKeys.length && `unexpected ${some(unexpectedKeys)}`];
  if (strict && (keys[0] || keys[1]))
    throw new FormatError(
      "loadStateDict",
      `keys do not match ${model}: ${keys.filter(Boolean).join("; ")}`,
      "pass { strict: false } to load what fits",
    );
  const fresh = pairs.map(({ target, source }) =>
    transferred("loadStateDict", source, { device: target.storage.device, dtype: target.dtype }),
  );
  pairs.forEach(({ target }, i) => overwrite(target, fresh[i]!));
  return { missingKeys, unexpectedKeys };
}
