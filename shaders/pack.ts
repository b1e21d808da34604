// Packs the shaders for a build: no comments, no blanks, short names for all that TypeScript never mentions.
import { parseAst } from "vite";

/** Whether TypeScript may mean a name of a shader. */
type Mentioned = (name: string) => boolean;

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

function visit(node: unknown, see: (node: Node) => void): void {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node) see(node as Node);
  for (const child of Object.values(node)) visit(child, see);
}

/**
 * The names that TypeScript sources may ask the linker for: words of their strings, keys and members of objects, and what their templates can
 * put together (`first_of_${kind}`).
 */
function mentionsIn(sources: readonly string[]): Mentioned {
  const words = new Set<string>();
  const patterns = new Set<string>();
  for (const source of sources)
    visit(parseAst(source, { lang: "ts" }), (node) => {
      if (node.type === "Literal" && typeof node["value"] === "string") addWords(words, node["value"]);
      const key = node.type === "Property" ? node["key"] : node.type === "MemberExpression" ? node["property"] : undefined;
      if (key && node["computed"] === false) words.add((key as { name?: string }).name ?? "");
      if (node.type !== "TemplateLiteral") return;
      const text = (node["quasis"] as { value: { raw: string } }[]).map((q) => q.value.raw).join("§");
      addWords(words, text);
      for (const [run] of text.matchAll(/[\w§]*§[\w§]*/g)) {
        const letters = run.replaceAll("§", "").length;
        // Few letters stand for too many names: those are only followed by a number.
        if (letters > 0) patterns.add(run.replaceAll("§", letters > 2 ? "\\w*" : "\\d+"));
      }
    });
  const pattern = new RegExp(`^(${[...patterns].join("|")})$`);
  // `${axis}${i}` and `${role}_${kind}`: the parts are words somewhere, or numbers.
  const known = (part: string): boolean => words.has(part) || words.has(part.replace(/\d+$/, "")) || /^\d+$/.test(part);
  const joined = (name: string): boolean =>
    [...name.matchAll(/_/g)].some(({ index }) => known(name.slice(0, index)) && known(name.slice(index + 1)));
  return (name) => pattern.test(name) || known(name) || joined(name);
}

const addWords = (words: Set<string>, text: string): void => (text.match(/[A-Za-z_]\w*/g) ?? []).forEach((word) => words.add(word));

const TOKEN =
  /[A-Za-z_]\w*|0[xX][\da-fA-F]+[iu]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[iufh]?|->|&&|\|\||<<=?|>>=?|[-+*/%&|^=!<>]=|\+\+|--|\S/g;
const tokensOf = (text: string): readonly string[] => text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, " ").match(TOKEN) ?? [];
const NAME = /^[A-Za-z_]/;

/** The text of tokens, with blanks only where two would become one. */
function squeeze(tokens: readonly string[]): string {
  let text = "";
  let last = "";
  for (let token of tokens) {
    if (/^\d+\.0+$/.test(token)) token = token.replace(/0+$/, "");
    else if (/^0\.\d/.test(token)) token = token.slice(1);
    const apart = last === "" || tokensOf(last + token)[0] === last;
    text += apart && !(last === ">" && token === "=") ? token : ` ${token}`;
    last = token;
  }
  return text
    .replace(/\bvec([234])<(f|i|u)32>/g, "vec$1$2")
    .replace(/,(?=[})\]])/g, "")
    .replace(/@group\(0\)@binding\(\d+\)/g, "");
}

/** Short names in a fixed order that are none of `taken`. */
function* names(first: string, taken: ReadonlySet<string>): Generator<string, never> {
  const rest = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (let n = 0; ; n++) {
    let name = first[n % first.length]!;
    for (let k = Math.floor(n / first.length); k > 0; k = Math.floor((k - 1) / rest.length)) name += rest[(k - 1) % rest.length]!;
    if (!taken.has(name)) yield name;
  }
}

const DECLARED = /\b(?:const|alias|struct|fn|override)\s+(\w+)|\bvar\s*<[^>]*>\s*(\w+)/g;

/** Tokens of a function with its parameters and local names shortened. */
function shortenLocals(tokens: readonly string[], global: ReadonlySet<string>): readonly string[] {
  const locals = new Set<string>();
  const body = tokens.indexOf("{");
  tokens.forEach((token, i) => {
    if (!NAME.test(token)) return;
    if (i < body && tokens[i + 1] === ":") locals.add(token);
    if (i > body && ["let", "var", "const"].includes(tokens[i - 1]!)) locals.add(token);
  });
  const others = tokens.filter((token, i) => NAME.test(token) && !(locals.has(token) && tokens[i - 1] !== "."));
  const fresh = names("abcdefghijklmnopqrstuvwxyz", new Set([...global, ...others, "as", "do", "fn", "if"]));
  const short = new Map<string, string>();
  for (const local of locals) short.set(local, fresh.next().value);
  return tokens.map((token, i) => (tokens[i - 1] === "." ? token : (short.get(token) ?? token)));
}

/** Splits tokens into module-scope declarations. */
function declarations(tokens: readonly string[]): readonly (readonly string[])[] {
  const found: string[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    found.at(-1)!.push(token);
    if (/^[{([]$/.test(token)) depth++;
    if (/^[})\]]$/.test(token)) depth--;
    if (depth === 0 && (token === ";" || token === "}")) found.push([]);
  }
  return found.filter((declaration) => declaration.length > 0);
}

/**
 * Packs shader texts, by name, for the linker. `typescript` holds every source that may ask for a declaration, a binding or a parameter:
 * what it mentions keeps its name; locals and all other names become short ones. Binding numbers go: the linker gives them.
 */
export function packShaders(shaders: Readonly<Record<string, string>>, typescript: readonly string[]): Record<string, string> {
  const mentioned = mentionsIn(typescript);
  const parsed = Object.entries(shaders).map(([name, text]) => [name, declarations(tokensOf(text))] as const);
  const global = new Set<string>();
  const fields = new Set<string>();
  for (const [, found] of parsed)
    for (const declaration of found) {
      const head = declaration.join(" ").split("{")[0]!;
      for (const match of head.matchAll(DECLARED)) global.add(match[1] ?? match[2]!);
      if (declaration.includes("struct")) declaration.forEach((token, i) => declaration[i + 1] === ":" && fields.add(token));
    }
  const everything = new Set(parsed.flatMap(([, found]) => found.flat()));
  const fresh = names("ABCDEFGHIJKLMNOPQRSTUVWXYZ", everything);
  const short = new Map<string, string>();
  // Members of vectors are spelt as those of structs; none of ours is longer than that by accident.
  for (const name of [...global, ...fields])
    if (name.length > 2 && !mentioned(name) && !short.has(name)) short.set(name, fresh.next().value);
  return Object.fromEntries(
    parsed.map(([name, found]) => [
      name,
      found
        .map((declaration) =>
          squeeze((declaration.includes("fn") ? shortenLocals(declaration, global) : declaration).map((t) => short.get(t) ?? t)),
        )
        .join("\n"),
    ]),
  );
}

/** An operator family's source without its records' `errors`: lists of calls that must fail, written as literals. */
export function withoutErrorSamples(source: string): string {
  const cuts: (readonly [start: number, end: number])[] = [];
  visit(parseAst(source, { lang: "ts" }), (node) => {
    const { key, value } = node as { key?: { name?: string }; value?: Node };
    if (node.type !== "Property" || key?.name !== "errors" || value?.type !== "ArrayExpression") return;
    const [start, end] = [Number(node["start"]), Number(node["end"])];
    cuts.push([start, end + /^\s*,?/.exec(source.slice(end))![0].length]);
  });
  return cuts.reduceRight((text, [start, end]) => text.slice(0, start) + text.slice(end), source);
}
