// The WGSL linker: replaces named declarations, drops what the entry point does not reach, renumbers bindings, reads layouts back.
import { DeviceError } from "../base/errors.ts";
import type { Specialisation } from "./kernel.ts";

interface Declaration {
  readonly kind: "const" | "alias" | "struct" | "fn" | "var" | "override" | "const_assert" | "directive";
  readonly name: string;
  readonly text: string;
  readonly words: readonly string[];
}

export interface Field {
  readonly name: string;
  readonly type: "u32" | "i32" | "f32";
}
export interface Linked {
  readonly code: string;
  /** Storage bindings in order of their @binding number. */
  readonly bindings: readonly { readonly name: string; readonly write: boolean }[];
  readonly params: readonly Field[];
  readonly workgroup: readonly [number, number, number];
  /** True when parameters travel as immediates instead of a uniform buffer. */
  readonly immediates: boolean;
}

const head =
  /^\s*(?:@\w+(?:\([^)]*\))?\s*)*(const_assert|const|alias|struct|fn|var|override|enable|requires|diagnostic)\b(?:<[^>]*>)?\s*([A-Za-z_]\w*)?/;
const parsed = new Map<string, readonly Declaration[]>();

/** Cuts a shader text into its module-scope declarations. */
export function declarations(source: string): readonly Declaration[] {
  const known = parsed.get(source);
  if (known) return known;
  const text = source.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/\/\/[^\n]*/g, "");
  const found: Declaration[] = [];
  let depth = 0;
  let start = 0;
  const push = (end: number): void => {
    const part = text.slice(start, end).trim();
    start = end;
    if (part === "" || part === ";") return;
    const match = head.exec(part);
    if (!match) throw new DeviceError("wgsl", `cannot read the declaration ${part.slice(0, 60)}`);
    const word = match[1]!;
    const kind = word === "enable" || word === "requires" || word === "diagnostic" ? "directive" : (word as Declaration["kind"]);
    found.push({
      kind,
      name: kind === "directive" || kind === "const_assert" ? part : (match[2] ?? part),
      text: part,
      words: wordsOf(kind, part),
    });
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "{" || c === "(" || c === "[") depth++;
    else if (c === "}" || c === ")" || c === "]") {
      depth--;
      if (c === "}" && depth === 0) push(i + 1);
    } else if (c === ";" && depth === 0) push(i + 1);
  }
  push(text.length);
  parsed.set(source, found);
  return found;
}

/** Identifiers a declaration may refer to: no member names, neither after a dot nor inside a struct, and no locals of a function. */
function wordsOf(kind: string, part: string): readonly string[] {
  if (kind === "struct") return [...part.matchAll(/:([^,}]*)/g)].flatMap((m) => m[1]!.match(/[A-Za-z_]\w*/g) ?? []);
  const words = part.match(/(?<![.\w])[A-Za-z_]\w*/g) ?? [];
  if (kind !== "fn") return words;
  const parameters = part.slice(part.indexOf("("), part.indexOf("{")).matchAll(/(\w+)\s*:/g);
  const locals = new Set([...parameters, ...part.matchAll(/\b(?:let|var|const)(?:<[^>]*>)?\s+(\w+)/g)].map((m) => m[1]!));
  return words.filter((w) => !locals.has(w));
}

const literal = (type: string, value: number): string => {
  if (type === "f32") return Number.isInteger(value) ? `${value}.0` : String(value);
  return type === "bool" ? String(value !== 0) : `${value}${type === "u32" ? "u" : type === "i32" ? "i" : ""}`;
};

function specialise(all: Map<string, Declaration>, spec: Specialisation): void {
  const must = (name: string, kind: string): Declaration => {
    const d = all.get(name);
    if (!d || d.kind !== kind) throw new DeviceError("wgsl", `no ${kind} ${name} to replace`);
    return d;
  };
  const put = (text: string): void => {
    for (const d of declarations(text)) all.set(d.name, d);
  };
  for (const [name, value] of Object.entries(spec.consts ?? {})) {
    const type = /:\s*(\w+)/.exec(must(name, "const").text)?.[1] ?? "u32";
    put(`const ${name}: ${type} = ${literal(type, value)};`);
  }
  for (const [name, value] of Object.entries(spec.aliases ?? {})) {
    must(name, "alias");
    put(`alias ${name} = ${value};`);
  }
  for (const [name, text] of Object.entries(spec.fns ?? {})) {
    must(name, "fn");
    put(text);
  }
}

/** Declarations the entry reaches, in order of declaration. */
function reach(all: Map<string, Declaration>, entry: string): Declaration[] {
  const seen = new Set<string>();
  const stack = [entry];
  while (stack.length > 0) {
    const name = stack.pop()!;
    if (seen.has(name)) continue;
    seen.add(name);
    for (const word of all.get(name)!.words) if (!seen.has(word) && all.has(word)) stack.push(word);
  }
  return [...all.values()].filter(
    (d) =>
      seen.has(d.name) ||
      d.kind === "directive" ||
      (d.kind === "const_assert" && d.words.every((w) => w === "const_assert" || !all.has(w) || seen.has(w))),
  );
}

/** Value of a module-scope integer constant expression made of literals, names, + − * /. */
function evaluate(expression: string, all: Map<string, Declaration>): number {
  const source = expression.trim().replace(/[A-Za-z_]\w*/g, (name) => {
    const d = all.get(name);
    if (!d || d.kind !== "const") throw new DeviceError("wgsl", `workgroup size uses ${name}, which is not a const`);
    return String(
      evaluate(
        d.text
          .slice(d.text.indexOf("=") + 1)
          .replace(/;\s*$/, "")
          .replace(/\b(\d+)[iu]\b/g, "$1"),
        all,
      ),
    );
  });
  const terms = source.replace(/[()\s]/g, "").replace(/(\d)[iu]\b/g, "$1");
  if (!/^\d+([*/+-]\d+)*$/.test(terms)) throw new DeviceError("wgsl", `cannot evaluate ${expression}`);
  const [first, ...rest] = terms.split(/(?=[*/+-])/);
  return rest.reduce((sum, t) => {
    const v = Number(t.slice(1));
    return t[0] === "*" ? sum * v : t[0] === "/" ? Math.floor(sum / v) : t[0] === "+" ? sum + v : sum - v;
  }, Number(first));
}

/** Links `sources` for one entry point. `immediateBytes` is the device's limit, 0 when it has no immediates. */
export function link(sources: readonly string[], entry: string, spec: Specialisation = {}, immediateBytes = 0): Linked {
  const all = new Map<string, Declaration>();
  for (const source of sources) for (const d of declarations(source)) if (!all.has(d.name)) all.set(d.name, d);
  specialise(all, spec);
  const main = all.get(entry);
  if (!main || !/@compute/.test(main.text)) throw new DeviceError("wgsl", `no entry point ${entry}`);
  const kept = reach(all, entry);
  const bindings: { name: string; write: boolean }[] = [];
  let params: Field[] = [];
  for (const d of kept)
    if (d.kind === "var" && /var<storage/.test(d.text)) bindings.push({ name: d.name, write: /read_write/.test(d.text) });
    else if (d.kind === "var" && /var<uniform>/.test(d.text)) {
      if (params.length > 0) throw new DeviceError("wgsl", `${entry} reaches two parameter structs`);
      const struct = all.get(/:\s*(\w+)/.exec(d.text)![1]!)!;
      params = [...struct.text.slice(struct.text.indexOf("{")).matchAll(/(\w+)\s*:\s*(u32|i32|f32)/g)].map((m) => ({
        name: m[1]!,
        type: m[2] as Field["type"],
      }));
    }
  const immediates = params.length > 0 && params.length * 4 <= immediateBytes;
  let next = 0;
  const code = kept.map((d) => {
    if (d.kind !== "var" || !/var<(storage|uniform)/.test(d.text)) return d.text;
    const bare = d.text.replace(/@(group|binding)\([^)]*\)\s*/g, "");
    if (/var<uniform>/.test(d.text))
      return immediates ? bare.replace("var<uniform>", "var<immediate>") : `@group(0) @binding(${bindings.length}) ${bare}`;
    return `@group(0) @binding(${next++}) ${bare}`;
  });
  const sizes = /@workgroup_size\(([^)]*)\)/
    .exec(main.text)![1]!
    .split(",")
    .map((s) => evaluate(s, all));
  return {
    code: (immediates ? "requires immediate_address_space;\n" : "") + code.join("\n"),
    bindings,
    params,
    workgroup: [sizes[0]!, sizes[1] ?? 1, sizes[2] ?? 1],
    immediates,
  };
}
