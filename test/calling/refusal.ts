// One call, valid, with an option misspelt and with an argument too many: what became of each.
import { isGradEnabled } from "../../src/autograd/mode.ts";
import { ArgumentError, WengertError } from "../../src/base/errors.ts";
import { defaultGenerator } from "../../src/base/random.ts";
import { dense } from "../../src/device/cpu.ts";
import { isUninitialized } from "../../src/nn/parameter.ts";
import { Tensor } from "../../src/tensor/tensor.ts";

/** A valid call, made anew every time. */
export interface Prepared {
  readonly args: readonly unknown[];
  /** What the call must leave as it was, beside its arguments. */
  readonly on?: object | undefined;
  readonly run: (args: readonly unknown[]) => unknown;
}
export interface Rules {
  /** As many arguments as one likes: one more is refused for what it is, if it is refused. */
  readonly variadic?: boolean | undefined;
  /** The last argument is a plain object of data, no options. */
  readonly structured?: boolean | undefined;
  /** The valid call itself is not made. */
  readonly unmade?: boolean | undefined;
}

/** All that can be seen of a value, tensors' elements and versions, gradients and generators included. */
function seen(value: unknown, depth = 0, inside = new Set<unknown>()): unknown {
  if (typeof value !== "object" || value === null) return typeof value === "function" ? "function" : String(value);
  if (depth > 8 || inside.has(value)) return "…";
  inside.add(value);
  if (value instanceof Tensor) {
    if (value.disposed) return "disposed";
    if (isUninitialized(value)) return "uninitialized";
    const { shape, dtype, storage, requiresGrad } = value;
    return [dtype, shape, storage.version, requiresGrad, Array.from(dense(value)), seen(value.peekGrad(), depth + 1, inside)];
  }
  const state = (value as { getState?: () => unknown }).getState?.();
  if (state !== undefined) return seen({ ...state }, depth + 1, inside);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  const within = (v: unknown): unknown => seen(v, depth + 1, inside);
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return Array.from(value as Iterable<unknown>, within);
  return Object.entries(value).map(([key, v]: [string, unknown]) => [key, within(v)]);
}
const everything = ({ on, args }: Prepared): string => JSON.stringify([seen(on), seen(args), seen(defaultGenerator()), isGradEnabled()]);

const isOptions = (v: unknown): v is object => typeof v === "object" && v !== null && Object.getPrototypeOf(v) === Object.prototype;

async function thrownBy(call: Prepared, args: readonly unknown[]): Promise<unknown> {
  try {
    const result = call.run(args);
    // Iterators that do something only when they are asked would hide what is ignored.
    await result;
    return undefined;
  } catch (error) {
    return error;
  }
}

const surplus = "surplus";
const most = 12;

/** What is wrong with how a call refuses; empty when nothing is. */
export async function refusals(name: string, make: () => Prepared, { variadic, structured, unmade }: Rules = {}): Promise<string[]> {
  const wrong: string[] = [];
  const tell = (what: string, error: unknown): void =>
    void wrong.push(`${name}: ${what}: ${error === undefined ? "no error" : String(error)}`);
  if (!unmade) {
    const valid = make();
    const error = await thrownBy(valid, valid.args);
    if (error !== undefined) return [`${name}: the valid call fails: ${String(error)}`];
  }
  /** Tries other arguments; says what was changed although it was refused. */
  const attempt = async (other: (args: readonly unknown[]) => readonly unknown[], title: string): Promise<unknown> => {
    const call = make();
    const before = everything(call);
    const error = await thrownBy(call, other(call.args));
    if (error !== undefined && everything(call) !== before) tell(`${title} changes something`, error);
    return error;
  };

  const options = await attempt((args) => {
    const last = args.at(-1);
    return isOptions(last) && !structured ? [...args.slice(0, -1), { ...last, misspelt: 1 }] : [...args, { misspelt: 1 }];
  }, "a misspelt option");
  const named = options instanceof ArgumentError && /misspelt/.test(options.message);
  if (!named && !(variadic && options instanceof WengertError)) tell("a misspelt option", options);

  // What is left open by the valid call is filled first: at the latest when all places are taken, one is too many.
  for (let n = 1; n <= most; n++) {
    const title = `${n} more`;
    const error = await attempt((args) => [...args, ...new Array<string>(n).fill(surplus)], title);
    if (!(error instanceof WengertError)) return [...wrong, `${name}: ${title}: ${error === undefined ? "no error" : String(error)}`];
    if (variadic || (error instanceof ArgumentError && /"surplus" (is one argument too many|comes after the options)/.test(error.message))) return wrong; // prettier-ignore
    if (n === most) tell("never too many", error);
  }
  return wrong;
}
