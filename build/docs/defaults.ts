// The defaults of options, asked of the functions themselves: nothing is kept by hand.
import * as wengert from "../../src/index.ts";
import { materialise } from "../../src/inspect/samples.ts";
import type { Sample } from "../../src/ops/op.ts";

export type Defaults = Readonly<Record<string, unknown>>;

const probe = "?";

/**
 * The options that a call reads, with the values they have when nobody gives them; undefined where it reads none. Every entry point looks up
 * the names it is given among its defaults (base/options.ts), and refuses an unknown one before anything happens: so it is given one, and the
 * object in which it looks is what was wanted.
 */
export function defaultsOf(call: (options: object) => unknown): Defaults | undefined {
  const original = Object.hasOwn;
  // As they were at the first look: arguments by position are put over the defaults while names are read.
  const untouched = new Map<object, Defaults>();
  let found: Defaults | undefined;
  Object.hasOwn = (object, key) => {
    if (!untouched.has(object as object)) untouched.set(object as object, { ...(object as object) });
    if (key === probe) found ??= untouched.get(object as object);
    return original(object, key);
  };
  try {
    // What is asynchronous refuses later, but looks the names up at once.
    void Promise.resolve(call({ [probe]: 0 })).catch(() => undefined);
  } catch {
    // It refuses the option, as it should.
  } finally {
    Object.hasOwn = original;
  }
  return found;
}

/** What constructors and functions ask for before their options, to be tried in turn. */
function leading(): readonly (readonly unknown[])[] {
  const { nn, ones, optim } = wengert;
  const parameter = new nn.Parameter(ones(2, 2));
  const model = new nn.Linear(1, 1);
  return [
    [], [1], [1, 1], [2, 2, 1], [[parameter]], [new optim.SGD([parameter])], [[1, 2]], [parameter], [parameter, parameter], [parameter, 1], [{}],
    [[parameter], 1], ["name", parameter], [parameter.sum(), parameter], [model, ones(1, 1)], [() => parameter.sum(), [parameter]], [{ model }],
    [new Uint8Array(8)], [[1, 2], [1, 1]],
  ]; // prettier-ignore
}

function tried(fn: () => unknown): unknown {
  try {
    const made = fn();
    void Promise.resolve(made).catch(() => undefined);
    return made;
  } catch {
    return undefined;
  }
}

/** The defaults of anything else that can be called. Optimisers know theirs, which subclasses may have changed. */
export function leadingDefaults(call: (...args: readonly unknown[]) => unknown): Defaults | undefined {
  for (const args of leading()) {
    const made = tried(() => call(...args));
    if (made instanceof wengert.optim.Optimizer) return made.defaults as Defaults;
    const found = defaultsOf((options) => call(...args, options));
    if (found) return found;
  }
  return undefined;
}

const isOptions = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype && !("$" in value);

/** The defaults of an operator, called as its samples call it. */
export function operatorDefaults(call: (...args: readonly unknown[]) => unknown, samples: readonly Sample[]): Defaults | undefined {
  for (const sample of samples) {
    const options = sample.at(-1);
    const plain = isOptions(options) ? sample.slice(0, -1) : sample;
    const found = defaultsOf((asked) =>
      call(...materialise(plain, "cpu", "float32").args, { ...(isOptions(options) ? options : {}), ...asked }),
    );
    if (found) return found;
  }
  return undefined;
}

/** A default as documents show it; nothing for what has none. */
export function shownDefault(value: unknown): string {
  if (value === undefined || Number.isNaN(value)) return "";
  if (typeof value === "function") return value.name === "" ? "a function" : value.name;
  // A long list is everything there is.
  if (Array.isArray(value)) return value.length > 6 ? "" : `[${value.map(shownDefault).join(", ")}]`;
  if (typeof value === "number" && value !== 0 && Math.abs(value) < 1e-3) return value.toExponential();
  return typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : typeof value === "string"
      ? JSON.stringify(value)
      : String(value);
}
