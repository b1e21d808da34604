// The WGSL linker: replaces named declarations, drops what the entry point does not reach, renumbers bindings, reads layouts back.
import { DeviceError } from "../../base/errors.ts";
import { memo } from "../../base/memo.ts";
import type { Specialisation } from "../kernel.ts";

interface Declaration {
  /** const, alias, struct, fn, var, override; empty for directives and const_assert. */
  readonly kind: string;
  /** The whole text for what has no name. */
  readonly name: string;
  readonly text: string;
  /** What it may refer to. */
  readonly words: readonly string[];
}

export interface Field {
  readonly name: string;
  readonly type: "u32" | "i32" | "f32";
}
export interface Linked {
  readonly code: string;
  /** Storage bindings in order of their @binding number, each with the letter of its numbers (f, i, u; none for other types). */
  readonly bindings: readonly { readonly name: string; readonly write: boolean; readonly element: string | undefined }[];
  readonly params: readonly Field[];
  /** Invocations of a workgroup along x. */
  readonly workgroup: number;
  /** True when parameters travel in a uniform buffer; else as immediates, if there are any. */
  readonly uniform: boolean;
}

const fail = (what: string): never => {
  throw new DeviceError(what, "", "wgsl");
};

const named = /^(?:@\w+(?:\([^)]*\))?\s*)*(const|alias|struct|fn|var|override)\b(?:<[^>]*>)?\s*(\w+)/;
const parsed = new Map<string, readonly Declaration[]>();

/** Cuts a shader text into its module-scope declarations. */
export const declarations = (source: string): readonly Declaration[] =>
  memo(parsed, source, () => {
    const text = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, " ");
    const found: Declaration[] = [];
    let depth = 0;
    let start = 0;
    // Module scope ends a declaration with a semicolon or with the brace that closes its body.
    for (const { 0: mark, index } of text.matchAll(/[{};]|$/g)) {
      depth += mark === "{" ? 1 : mark === "}" ? -1 : 0;
      if (depth > 0 && mark) continue;
      const part = text.slice(start, index + 1).trim();
      start = index + 1;
      if (!/\w/.test(part)) continue;
      // What has no name, directives and const_assert, goes by its text.
      const [, kind = "", name = part] = named.exec(part) ?? [];
      found.push({ kind, name, text: part, words: wordsOf(part) });
    }
    return found;
  });

/** Identifiers a declaration may refer to: neither member names nor those that it gives itself, to locals, parameters and members. */
function wordsOf(part: string): readonly string[] {
  const own = [...part.matchAll(/(?<!case\s+)\b(\w+)\s*:|\b(?:let|var|const)(?:<[^>]*>)?\s+(\w+)/g)].map(
    ([, typed, named]) => typed ?? named,
  );
  return (part.match(/(?<![.\w])[A-Za-z_]\w*/g) ?? []).filter((word) => !own.includes(word));
}

/** Puts what a specialisation gives in the place of the declarations of those names. */
function specialise(all: Map<string, Declaration>, spec: Specialisation): void {
  const replaced = Object.entries(spec).flatMap(([name, value]) => {
    const { kind, text } = all.get(name) ?? fail(`no declaration ${name} to replace`);
    if (kind !== "fn") return declarations(text.replace(/=[^;]*/, `= ${value}`));
    const standIn = all.get(value as string);
    return declarations(standIn ? standIn.text.replace(`fn ${standIn.name}(`, `fn ${name}(`) : (value as string));
  });
  for (const d of replaced) all.set(d.name, d);
}

/** Declarations that the entry or a nameless one reaches, in order of declaration. */
function reach(all: Map<string, Declaration>, entry: string): Declaration[] {
  const seen = new Set([all.get(entry)!, ...[...all.values()].filter((d) => !d.kind)]);
  for (const { words } of seen) for (const word of words) if (all.has(word)) seen.add(all.get(word)!);
  return [...all.values()].filter((d) => seen.has(d));
}

/** Value of a product or quotient of literals and module-scope constants. */
function evaluate(expression: string, all: Map<string, Declaration>): number {
  return expression.split(/(?=[*/])/).reduce((value, part) => {
    const [, operator, factor = ""] = /^\s*([*/]?)\s*(\w+)\s*$/.exec(part) ?? [];
    const constant = (): string =>
      /=([^;]*)/.exec(all.get(factor)?.text ?? "")?.[1] ?? fail(`the workgroup size uses ${part.trim()}, which is not a const`);
    const number = parseInt(factor) || evaluate(constant(), all);
    return operator === "/" ? Math.floor(value / number) : value * number;
  }, 1);
}

/** Links `sources` for one entry point. `immediateBytes` is the device's limit, 0 when it has no immediates. */
export function link(sources: readonly string[], entry: string, spec: Specialisation = {}, immediateBytes = 0): Linked {
  const all = new Map<string, Declaration>();
  for (const d of sources.flatMap(declarations)) if (!all.has(d.name)) all.set(d.name, d);
  specialise(all, spec);
  const [, size] = /@workgroup_size\(([^,)]*)/.exec(all.get(entry)?.text ?? "") ?? fail(`no entry point ${entry}`);
  const kept = reach(all, entry);
  const handle = kept.find((d) => /var\s/.test(d.text) && d.kind === "var");
  if (handle) fail(`${handle.name} is neither a storage nor a uniform binding`);
  const storages = kept.filter((d) => /var<storage/.test(d.text));
  const [holder, second] = kept.filter((d) => /var<uniform/.test(d.text));
  if (second) fail(`${entry} reaches two parameter structs`);
  const struct = kept.find((d) => d.kind === "struct" && holder?.words.includes(d.name));
  const params = [...(struct?.text ?? "").matchAll(/(\w+)\s*:\s*(u32|i32|f32)\b/g)].map((m) => ({
    name: m[1]!,
    type: m[2] as Field["type"],
  }));
  if (holder && struct?.text.match(/:/g)?.length !== params.length) fail(`${holder.name} must be a struct of u32, i32 and f32 fields`);
  const uniform = params.length * 4 > immediateBytes;
  const code = kept.map((d) => {
    const at = [...storages, holder].indexOf(d);
    if (at < 0) return d.text;
    const bare = d.text.replace(/@(group|binding)\([^)]*\)\s*/g, "");
    if (!uniform && d === holder) return bare.replace("<uniform>", "<immediate>");
    return `@group(0) @binding(${at}) ${bare}`;
  });
  return {
    code: (holder && !uniform ? "requires immediate_address_space;\n" : "") + code.join("\n"),
    bindings: storages.map(({ name, text }) => ({
      name,
      write: text.includes("read_write"),
      element: /array<\s*(?:vec\d<?\s*)?([fiu])(?:32)?\W/.exec(text)?.[1],
    })),
    params,
    workgroup: evaluate(size!, all),
    uniform,
  };
}
