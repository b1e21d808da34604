// Two copies of the library on one page: what one made looks like the other's own, but shares neither its classes nor its devices.

/** On what any copy made: "tensor", "module". */
const anyCopy = Symbol.for("wengert");
/** On what this copy made. */
const thisCopy = Symbol("wengert");

/** Marks the instances of a class as a `kind` of things that this copy made. */
export function mark(prototype: object, kind: string): void {
  for (const key of [anyCopy, thisCopy]) Object.defineProperty(prototype, key, { value: kind });
}

const marked = (x: unknown, key: symbol): unknown =>
  typeof x === "object" && x !== null ? (x as Readonly<Record<symbol, unknown>>)[key] : undefined;

/** Whether this copy made x, and as what. */
export const isOwn = (x: unknown, kind: string): boolean => marked(x, thisCopy) === kind;
/** Whether another copy made x. */
export const isForeign = (x: unknown): boolean => marked(x, anyCopy) !== undefined && marked(x, thisCopy) === undefined;
/** What x is, where it is not what was asked for. */
export const described = (x: unknown): string =>
  isForeign(x) ? `a ${String(marked(x, anyCopy))} of another copy of wengert` : x === null ? "null" : typeof x;
