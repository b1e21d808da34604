// Everything public, by name: what the root exports and its namespaces hold, and the methods of what they make.
import * as root from "../../src/index.ts";

export type Callable = (...args: readonly unknown[]) => unknown;
export type Constructor = (new (...args: readonly unknown[]) => object) & { readonly prototype: object };

export const isClass = (v: unknown): v is Constructor =>
  typeof v === "function" && /^class\b/.test(globalThis.Function.prototype.toString.call(v));

export interface Export {
  /** With the namespace: `relu`, `nn.Linear`, `nn.functional.relu`. */
  readonly name: string;
  readonly value: Callable | Constructor;
}

/** Functions and classes, each once, under the first of its names. */
export function publicExports(): readonly Export[] {
  const found = new Map<unknown, Export>();
  const search = (space: object, prefix: string): void => {
    const entries = Object.entries(space) as [string, unknown][];
    for (const [key, value] of entries)
      if (typeof value === "function" && !found.has(value)) found.set(value, { name: prefix + key, value: value as Callable });
    for (const [key, value] of entries) if (typeof value === "object" && value !== null) search(value, `${prefix}${key}.`);
  };
  search(root, "");
  return [...found.values()];
}

/** The methods of an object, those it inherits too, each with the class that has it. */
export function methodsOf(instance: object): readonly { readonly owner: string; readonly key: string }[] {
  const found = new Map<string, string>();
  for (let p: object | null = instance; p && p !== Object.prototype; p = Object.getPrototypeOf(p) as object | null)
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(p)))
      if (typeof value === "function" && key !== "constructor" && !isClass(value) && !found.has(key))
        found.set(key, (p.constructor as Constructor).name);
  return Array.from(found, ([key, owner]) => ({ owner, key }));
}
