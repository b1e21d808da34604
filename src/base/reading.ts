// Reading what a caller hands over: what the types rule out is said in the library's own words, not the engine's.
import { isOwn } from "./copies.ts";
import { DtypeError, show, under } from "./errors.ts";
import { checkCount } from "./options.ts";

/** What a value is, for messages. */
function kindOf(x: unknown): string {
  if (x === null || !/object|function/.test(typeof x)) return String(x);
  const { dtype, shape } = x as { readonly dtype?: unknown; readonly shape?: unknown };
  return typeof dtype === "string" && Array.isArray(shape) ? dtype + show(shape as number[]) : typeof x;
}

/** Runs what reads a caller's arguments. Errors: DtypeError in place of a TypeError, since what no check foresaw is about them, too. */
export function reading<T>(args: ArrayLike<unknown>, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw Object.assign(new DtypeError(`does not take (${Array.from(args, kindOf).join(", ")})`, error.message), { cause: error });
  }
}

/** Errors: ArgumentError naming the entry point for more arguments than `most`. */
export function takes(op: string, args: ArrayLike<unknown>, most: number): void {
  if (args.length > most) under(op, () => checkCount(args, most));
}

/** An entry point that runs no code of the caller's: `under` its name, its arguments, at most so many of them, read as an operator's are. */
export const entry = <T>(op: string, args: ArrayLike<unknown>, most: number, fn: () => T): T =>
  under(op, () => {
    checkCount(args, most);
    return reading(args, fn);
  });

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

/** Makes these methods of a class take no more arguments than they have parameters, as `length` counts them: an optional one has no default. */
export function exactly(prototype: object, ...names: readonly string[]): void {
  for (const name of names) {
    const method = (prototype as Readonly<Record<string, Method>>)[name]!;
    const { length: most } = method;
    const value: Method = function () {
      // Said twice, so that `arguments` is made into an object only where it is wrong.
      if (arguments.length > most) takes(name, arguments, most);
      return method.apply(this, arguments as unknown as unknown[]);
    };
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}

/** The function itself. Errors: DtypeError naming the entry point. */
export function callable<F>(op: string, fn: F, name = "fn"): F {
  if (typeof fn !== "function") throw new DtypeError(`${name} must be a function, got ${kindOf(fn)}`, "", op);
  return fn;
}

/** The members of anything iterable but a tensor, whose rows are rarely meant. Errors: DtypeError naming the entry point. */
export function listed<T>(op: string, values: Iterable<T> | ArrayLike<T>, name: string): T[] {
  if (isOwn(values, "tensor") || typeof (values as Partial<Iterable<T>> | null)?.[Symbol.iterator] !== "function")
    throw new DtypeError(`${name} must be a list, got ${kindOf(values)}`, "", op);
  return Array.from(values);
}
