// A program as plain data: steps that name an operator, earlier values and literals. It can be written down, cut, and run on any device.

/** Stands for the value of an earlier step; `a.1` is the second tensor of a result with several. */
export interface Ref {
  readonly $: string;
}
export type Argument = number | string | boolean | null | undefined | Ref | readonly Argument[] | { readonly [key: string]: Argument };

/** One step: an operator (an in-place one with `_`), or one of the few words of machine.ts: leaf, detach, hook, dispose, tidy, … */
export interface Step {
  readonly name: string;
  readonly op: string;
  readonly args: readonly Argument[];
  /** Run without recording. */
  readonly noGrad?: true;
  /** The steps of a tidy; `args` are the values it returns. */
  readonly body?: readonly Step[];
}
export interface Program {
  readonly profile: string;
  readonly seed: number;
  readonly steps: readonly Step[];
  /** Whether gradients of gradients are compared too. */
  readonly second: boolean;
}

export const isRef = (v: unknown): v is Ref => typeof v === "object" && v !== null && "$" in v;

/** Names of steps that an argument refers to. */
export function refsIn(value: unknown): string[] {
  if (isRef(value)) return [value.$];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(refsIn) : [];
}

/** The argument with every reference replaced; the float dtype that it names is the one of the run. */
export function withRefs(value: Argument, replace: (ref: Ref) => unknown, float = "float32"): unknown {
  if (isRef(value)) return replace(value);
  if (value === "float32") return float;
  if (Array.isArray(value)) return (value as Argument[]).map((v) => withRefs(v, replace, float));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, withRefs(v, replace, float)]));
}

const specials: Readonly<Record<string, number>> = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity, "-0": -0 };
const nameOf = (v: number): string | undefined => Object.keys(specials).find((key) => Object.is(specials[key], v));

/** JSON that keeps NaN, infinities, −0 and undefined. */
export const write = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) => {
    const special = typeof v === "number" ? nameOf(v) : v === undefined ? "undefined" : undefined;
    return special === undefined ? v : { "#": special };
  });

/** The value that write() wrote, or that a parsed file of it holds. */
export function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  if ("#" in value) return specials[value["#"] as string];
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, revive(v)]));
}
export const read = (text: string): unknown => revive(JSON.parse(text));

const shown = (v: unknown): string => {
  if (isRef(v)) return v.$;
  if (Array.isArray(v)) return `[${v.map(shown).join(", ")}]`;
  if (typeof v === "object" && v !== null) return `{ ${Object.entries(v).map(([k, x]) => `${k}: ${shown(x)}`).join(", ")} }`; // prettier-ignore
  return typeof v === "string" ? JSON.stringify(v) : Object.is(v, -0) ? "-0" : String(v);
};
const line = ({ name, op, args, noGrad, body }: Step): string =>
  `${name} = ${noGrad ? "noGrad " : ""}${op}(${body ? `{ ${body.map(line).join("; ")} } → ` : ""}${args.map(shown).join(", ")})`;

/** The program as text to read, a line a step. */
export const show = (program: Program): string => program.steps.map(line).join("\n");
