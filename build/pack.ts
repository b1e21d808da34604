// Packs a build. Shaders: no comments, no blanks, short names for locals. Records: nothing that only tests read.
import { parseAst } from "vite";

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Shows every node of a syntax tree, parents before their children. */
function visit(node: unknown, see: (node: Node) => void): void {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node) see(node as Node);
  for (const child of Object.values(node)) visit(child, see);
}

const TOKEN =
  /[A-Za-z_]\w*|0[xX][\da-fA-F]+(?:\.[\da-fA-F]*)?(?:[pP][+-]?\d+)?[iufh]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[iufh]?|->|&&|\|\||<<=?|>>=?|[-+*/%&|^=!<>]=|\+\+|--|\S/g;
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
    .replace(/@group\(0\)@binding\(\d+\)/g, "")
    .replace("<storage,read>", "<storage>");
}

const OPERATOR = /^([-+*/%&|^!]|&&|\|\||<<|>>|[<>]=?|[=!]=|[-+*/%&|^]=)$/;
const SHIFT = /^(<<|>>)$/;

/** Numbers without their type where what they are joined with has one: operands of a name or a bracket, components of a vector. */
function withoutSuffixes(tokens: readonly string[]): readonly string[] {
  const callees: string[] = [];
  return tokens.map((token, i) => {
    const [before = "", last = "", next = "", after = ""] = [tokens[i - 2], tokens[i - 1], tokens[i + 1], tokens[i + 2]];
    if (token === "(") callees.push(last);
    if (token === ")") callees.pop();
    const number = /^(?:(0[xX][\da-fA-F]+|\d+)u|(\d+)\.0*)$/.exec(token);
    const left = OPERATOR.test(last) && /^(?!return$)[A-Za-z_)\]]/.test(before);
    const right = OPERATOR.test(next) && !SHIFT.test(next) && !SHIFT.test(last) && /^[A-Za-z_(]/.test(after);
    const component = /^[(,]$/.test(last) && /^[),]$/.test(next) && /^vec[234][fiu]$/.test(callees.at(-1) ?? "");
    return number && (left || right || component) ? (number[1] ?? number[2])! : token;
  });
}

/** Tokens of a function without every `let` that is read once, by the next statement, which no shader makes change the value first. */
function inlined(tokens: readonly string[]): readonly string[] {
  for (const [i, token] of tokens.entries()) {
    if (token !== "let") continue;
    const name = tokens[i + 1]!;
    const end = tokens.indexOf(";", i);
    const value = tokens.slice(i + 3, end);
    const uses = [...tokens.keys()].filter((k) => tokens[k] === name && tokens[k - 1] !== ".");
    const use = uses[1] ?? end;
    const between = tokens.slice(end + 1, use);
    // One token is a constant that must not become part of a constant expression; a loop would compute the value again and again.
    if (value.length === 1 || uses.length !== 2 || between.some((t) => /^(;|[{}]|for|while)$/.test(t))) continue;
    const whole = /^[(,=]$|^return$/.test(tokens[use - 1]!) && /^[),;]$/.test(tokens[use + 1]!);
    const put = whole || !value.some((t) => OPERATOR.test(t)) ? value : ["(", ...value, ")"];
    return inlined([...tokens.slice(0, i), ...between, ...put, ...tokens.slice(use + 1)]);
  }
  return tokens;
}

// Letters that the rest of a bundle is full of come first, since gzip has short codes for those; this order was the best of thousands.
const LETTERS = "reitodaunsfplvmyhgbcwkjqxz";

/** Short names that are none of `taken`: the letters, the letters with a 1, and so on. */
function* names(taken: ReadonlySet<string>): Generator<string, never> {
  for (let n = 0; ; n++) {
    const name = LETTERS[n % 26]! + (n < 26 ? "" : Math.floor(n / 26));
    if (!taken.has(name)) yield name;
  }
}

/** Tokens of a function with its parameters and local names shortened. */
function shortenLocals(tokens: readonly string[]): readonly string[] {
  const locals = new Set<string>();
  const body = tokens.indexOf("{");
  tokens.forEach((token, i) => {
    if (!NAME.test(token)) return;
    if (i < body && tokens[i + 1] === ":") locals.add(token);
    if (i > body && ["let", "var", "const"].includes(tokens[i - 1]!)) locals.add(token);
  });
  const others = tokens.filter((token, i) => NAME.test(token) && !(locals.has(token) && tokens[i - 1] !== "."));
  const fresh = names(new Set(others));
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
  const packed = (d: readonly string[]): string => squeeze(withoutSuffixes(d.includes("fn") ? shortenLocals(inlined(d)) : d));
  return Object.fromEntries(Object.entries(shaders).map(([name, text]) => [name, declarations(tokensOf(text)).map(packed).join("")]));
}

/** What only tests read of a record, where it is written out: calls that must fail, and bounds of errors. */
const TESTED: Readonly<Record<string, string>> = { errors: "ArrayExpression", ulp: "Literal", cancels: "Literal" };

/** An operator family's source without what only tests read of its records. What is no literal stays as it is. */
export function withoutTests(source: string): string {
  const cuts: (readonly [start: number, end: number])[] = [];
  visit(parseAst(source, { lang: "ts" }), (node) => {
    const { key, value } = node as { key?: { name?: string }; value?: Node };
    if (node.type !== "Property" || !key?.name || value?.type !== TESTED[key.name]) return;
    const [start, end] = [Number(node["start"]), Number(node["end"])];
    cuts.push([start, end + /^\s*,?/.exec(source.slice(end))![0].length]);
  });
  return cuts.reduceRight((text, [start, end]) => text.slice(0, start) + text.slice(end), source);
}
