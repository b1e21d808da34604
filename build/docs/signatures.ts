// How something is called: the form that documents show, and the options that may be given by name.
import type { Compiler, Field, Signature, Type } from "./compiler.ts";

export interface Option extends Field {
  /** May only be given by name. */
  readonly keyword: boolean;
}
export interface Form {
  readonly parameters: readonly Field[];
  readonly returns: string;
  readonly options: readonly Option[];
}

type Typed = Field & { readonly of: Type };

const isOptions = ({ name }: Field): boolean => name === "options" || name === "named";

/** All ways to call a signature: one for each tuple that its rest parameter may be. */
function ways(compiler: Compiler, signature: Signature): Typed[][] {
  const parameters = compiler.parameters(signature);
  const last = parameters.at(-1);
  const tuples = last?.rest ? compiler.tuples(last.of, last.name) : undefined;
  return tuples ? tuples.map((tuple) => [...parameters.slice(0, -1), ...tuple]) : [parameters];
}

/** The form with the most positional parameters, and every option that any way takes. */
export function formOf(compiler: Compiler, signatures: readonly Signature[]): Form | undefined {
  const all = signatures.flatMap((signature) => ways(compiler, signature).map((parameters) => ({ signature, parameters })));
  if (all.length === 0) return undefined;
  const positional = (parameters: readonly Typed[]): Typed[] => parameters.filter((p) => !isOptions(p));
  const count = (parameters: readonly Typed[]): number =>
    positional(parameters).length + (parameters.some(isOptions) ? 0.5 : parameters.some((p) => p.rest) ? 0.25 : 0);
  const [widest] = [...all].sort((a, b) => count(b.parameters) - count(a.parameters));
  const offered = all.flatMap(({ parameters }) => parameters.filter(isOptions).flatMap((p) => [...compiler.properties(p.of)]));
  // Rows of layers call their only positional option by no name of its own.
  const named = (p: Typed): Typed => {
    const own = p.name === "value" ? offered.find(({ type }) => type === p.type) : undefined;
    return own && !offered.some(({ name }) => name === p.name) ? { ...p, name: own.name, optional: true } : p;
  };
  const shown = positional(widest!.parameters).map(named);
  const byPosition = new Set(shown.map(({ name }) => name));
  const options = new Map<string, Option>();
  for (const { name, type, optional, doc } of offered) {
    const before = options.get(name);
    options.set(name, { name, type, optional, doc: doc || (before?.doc ?? ""), keyword: !byPosition.has(name) });
  }
  // What may be left out by position and by name alike is one thing: it stands among the options, in its order.
  const isOptional = (p: Typed): boolean => {
    const own = all.flatMap(({ parameters: way }) => way.find(({ name }) => name === p.name) ?? []);
    return p.optional || own.some((q) => q.optional) || (!p.rest && all.every((way) => dispensable(p, way.parameters)));
  };
  const parameters = shown.filter((p) => p.type !== "undefined").map((p) => ({ ...p, optional: isOptional(p) }));
  const listedToo = parameters.filter(({ name, rest }) => options.has(name) && !rest);
  const keywords = [...options.values()].filter(({ keyword }) => keyword);
  const ordered = [...listedToo.map((p) => ({ ...options.get(p.name)!, type: p.type, optional: p.optional })), ...keywords];
  const trailing: Field[] = keywords.length > 0 ? [{ name: "options", type: "", optional: true, doc: "" }] : [];
  return { parameters: [...parameters, ...trailing], returns: compiler.text(compiler.returns(widest!.signature)), options: ordered };
}

/** Whether a way of calling does without a parameter. */
function dispensable(p: Field, way: readonly Field[]): boolean {
  const own = way.find(({ name }) => name === p.name);
  return own ? own.optional : !way.some((q) => isOptions(q) && !q.optional);
}

/** `x: Tensor, dim?: number` */
export function listed(parameters: readonly Field[]): string {
  return parameters
    .map(({ name, type, optional, rest, initial }) => {
      const dots = rest ? "..." : "";
      if (initial !== undefined && initial !== "{}") return `${dots}${name}: ${type} = ${initial}`;
      return `${dots}${name}${optional ? "?" : ""}${type === "" ? "" : `: ${type}`}`;
    })
    .join(", ");
}
