// Damage to a serialised object: values of other types and sizes, keys too many, too few or dangerous.
import { tensor } from "../../../src/tensor/create.ts";
import type { Rng } from "../random.ts";

type Tree = Record<string, unknown>;

/** Values that no state holds, or not there. */
const alien = (rng: Rng): unknown =>
  rng.pick<() => unknown>([
    () => NaN,
    () => -1,
    () => 0,
    () => 1.5,
    () => Infinity,
    () => 2 ** 53,
    () => 1e300,
    () => null,
    () => undefined,
    () => "0.1",
    () => "",
    () => true,
    () => ({}),
    () => [],
    () => [0, 0],
    () => [NaN],
    () => 10n,
    () => () => 1,
    () => new Date(0),
    () => tensor(1),
    () => tensor([1, 2, 3]),
    () => tensor([[1]], { dtype: "int32" }),
    () => tensor([], { shape: [0] }),
    () => JSON.parse('{"__proto__": {"polluted": 1}}') as unknown,
  ])();
const keys = ["__proto__", "constructor", "toString", "extra", "0", "-1", "step", "lr", "params", "length"];

const isTree = (v: unknown): v is Tree =>
  typeof v === "object" &&
  v !== null &&
  !ArrayBuffer.isView(v) &&
  [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(v) as object | null);

/** A copy in which containers are new and everything else is shared. */
const copied = (v: unknown): unknown =>
  Array.isArray(v) ? v.map(copied) : isTree(v) ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, copied(x)])) : v;

/** Every container in a value, itself first. */
const containers = (v: unknown): Tree[] => (isTree(v) ? [v, ...Object.values(v).flatMap(containers)] : []);

/** The value with one to three damages; rarely something else altogether. */
export function damagedValue(rng: Rng, value: unknown): unknown {
  if (rng.chance(0.02)) return alien(rng);
  const out = copied(value);
  for (let k = rng.pick([1, 1, 2, 3]); k > 0; k--) {
    const at = rng.pick(containers(out));
    const key = rng.pick(Object.keys(at).length > 0 ? Object.keys(at) : ["a"]);
    const define = (name: string, v: unknown): void =>
      void Object.defineProperty(at, name, { value: v, enumerable: true, configurable: true, writable: true });
    const kind = rng.int(0, 9);
    if (kind < 6) define(key, alien(rng));
    else if (kind < 7) delete at[key];
    else if (Array.isArray(at)) at.push(alien(rng));
    else if (kind < 9) define(rng.pick(keys), rng.chance(0.5) ? at[key] : alien(rng));
    else {
      const old = at[key];
      delete at[key];
      define(rng.pick(keys), old);
    }
  }
  return out;
}
