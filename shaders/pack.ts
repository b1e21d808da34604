// Packs a build. Shaders: no comments, no blanks, short names for locals. Records: no error samples.
import { parseAst } from "vite";

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Shows every node of a syntax tree, parents before their children. */
export function visit(node: unknown, see: (node: Node) => void): void {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node) see(node as Node);
  for (const child of Object.values(node)) visit(child, see);
}

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

/** Short names that are none of `taken`: a … z, a1 … z1, and so on. */
function* names(taken: ReadonlySet<string>): Generator<string, never> {
  for (let n = 0; ; n++) {
    const name = "abcdefghijklmnopqrstuvwxyz"[n % 26]! + (n < 26 ? "" : Math.floor(n / 26));
    if (!taken.has(name)) yield name;
  }
}

/** Tokens of a function with its parameters and local names shortened. */
function shortenLocals(tokens: readonly string[], known: ReadonlySet<string>): readonly string[] {
  const locals = new Set<string>();
  const body = tokens.indexOf("{");
  tokens.forEach((token, i) => {
    if (!NAME.test(token)) return;
    if (i < body && tokens[i + 1] === ":") locals.add(token);
    if (i > body && ["let", "var", "const"].includes(tokens[i - 1]!)) locals.add(token);
  });
  const others = tokens.filter((token, i) => NAME.test(token) && !(locals.has(token) && tokens[i - 1] !== "."));
  const fresh = names(new Set([...known, ...others]));
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
 * Packs shader texts, by name, for the linker. Only locals and parameters of functions lose their names: declarations, bindings and
 * fields are what TypeScript asks for. Binding numbers go, since the linker gives them.
 */
export function packShaders(shaders: Readonly<Record<string, string>>): Record<string, string> {
  const parsed = Object.entries(shaders).map(([name, text]) => [name, declarations(tokensOf(text))] as const);
  // Any of these may be in reach of a function once the linker has put files together.
  const known = new Set(parsed.flatMap(([, found]) => found.flatMap((d) => (d.includes("fn") ? d[d.indexOf("fn") + 1]! : d))));
  return Object.fromEntries(
    parsed.map(([name, found]) => [name, found.map((d) => squeeze(d.includes("fn") ? shortenLocals(d, known) : d)).join("\n")]),
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
