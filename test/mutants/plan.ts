// Where small faults can be planted: in the bodies of WGSL functions, in the WGSL expressions of records, and in backward rules.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "vite";
import { root, type SyntaxNode, visit } from "../setup/source.ts";

/** One replacement of text, and the declaration of the file that it stands in. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  /** The WGSL function or the exported record; empty for a helper of a family. */
  readonly inside: string;
  readonly kind: "wgsl" | "rule";
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

type Site = Omit<Mutant, "file" | "line" | "inside" | "kind">;

const swaps: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "/",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "==": "!=",
  "!=": "==",
  "&&": "||",
  "||": "&&",
  "&": "|",
  "|": "&",
  "<<": ">>",
  ">>": "<<",
  "+=": "-=",
  min: "max",
  max: "min",
};

/** A constant chooses a form of its kernel. Two forms mostly agree at the limit between them, so the test is turned round. */
const opposites: Readonly<Record<string, string>> = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" };

/** A number that is off by one step: integers by 1, others by 1 %; a pattern of bits without its highest one. */
const nudged = (literal: string): string => {
  const [, digits = "", suffix = ""] = /^(0x[\da-f]+|[\d.]+(?:e[-+]?\d+)?)([uif]?)$/i.exec(literal) ?? [];
  const value = Number(digits);
  // The next pattern would mostly be another NaN.
  if (/^0x/i.test(digits)) return `${value === 0 ? 1 : value - 2 ** Math.floor(Math.log2(value))}${suffix}`;
  if (/^\d+$/.test(digits)) return `${value + 1}${suffix}`;
  return `${value === 0 ? "0.01" : String(value * 1.01)}${suffix}`;
};

const TYPES = /\b(?:vec[234]|mat\dx\d|array|ptr|bitcast|var|atomic)\s*<[^;(){}]*?>/g;
const TOKENS =
  /(?<![\w.])(?:0x[\da-fA-F]+|\d+\.?\d*(?:e[-+]?\d+)?)[uif]?(?![\w.])|<<|>>|[-+]=|<=|>=|==|!=|&&|\|\||->|\+\+|--|\b(?:min|max)(?=\()|[-+*/%<>&|]/g;

/** Faults in WGSL text, which is a body or an expression that begins at `offset` of its file. */
export function inWgsl(text: string, offset = 0): readonly Site[] {
  const bare = text
    .replace(/\/\/.*|\/\*[^]*?\*\//g, (comment) => " ".repeat(comment.length))
    .replace(TYPES, (type) => " ".repeat(type.length));
  const sites: Site[] = [];
  for (const { 0: token, index } of bare.matchAll(TOKENS)) {
    const replacement = /^\d/.test(token)
      ? nudged(token)
      : (/\b[A-Z][A-Z_]+ $/.test(bare.slice(0, index)) && opposites[token]) || swaps[token];
    if (replacement === undefined) continue;
    // A sign is taken away; a bare & or * takes an address or follows it.
    const prefix = /(^|[-+*/%<>=&|(,?:{;]|return)\s*$/.test(bare.slice(0, index));
    if (prefix && /^[&*]$/.test(token)) continue;
    const start = offset + index;
    sites.push({ start, end: start + token.length, replacement: prefix && token === "-" ? "" : replacement });
  }
  return sites;
}

/** Every fault that a shader file has room for. */
function inShader(file: string): readonly Mutant[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/\bfn (\w+)\([^{]*\{/g)].flatMap(({ 0: head, 1: name, index }) => {
    const from = index + head.length;
    const body = text.slice(from, closing(text, from));
    return inWgsl(body, from).map((site) => ({ file, line: lineAt(text, site.start), inside: name!, kind: "wgsl" as const, ...site }));
  });
}

/** Where the brace that was opened just before `from` closes. */
function closing(text: string, from: number): number {
  let depth = 1;
  let at = from;
  for (; depth > 0; at++) depth += text[at] === "{" ? 1 : text[at] === "}" ? -1 : 0;
  return at - 1;
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;

const methods: Readonly<Record<string, string>> = { add: "sub", sub: "add", mul: "div", div: "mul", sum: "mean", sin: "cos", cos: "sin" };
const FORMS = new Set(["float", "int", "bool", "uint"]);

/** Every fault that the records of a family have room for, in their rules and in their WGSL expressions. */
function inFamily(file: string): readonly Mutant[] {
  const text = readFileSync(join(root, file), "utf8");
  const mutants: Mutant[] = [];
  for (const statement of (parseSync(file, text).program as unknown as { body: readonly SyntaxNode[] }).body) {
    const inside = /^export const (\w+)/.exec(text.slice(statement.start, statement.end))?.[1] ?? "";
    const add = (kind: Mutant["kind"], site: Site): void =>
      void mutants.push({ file, line: lineAt(text, site.start), inside, kind, ...site });
    visit(statement, (node) => {
      const key = (node["key"] as { name?: string } | undefined)?.name ?? "";
      const value = node["value"] as SyntaxNode | undefined;
      if (node.type === "Property" && FORMS.has(key) && typeof value?.["value"] === "string")
        for (const site of inWgsl(value["value"], value.start + 1)) add("wgsl", site);
      const [first] = (node["params"] ?? []) as readonly { name?: string }[];
      if (node.type === "ArrowFunctionExpression" && first?.name === "g") for (const site of inRule(node["body"], text)) add("rule", site);
    });
  }
  // An arrow function inside another is seen twice.
  return [...new Map(mutants.map((m) => [`${m.start} ${m.end} ${m.replacement}`, m])).values()];
}

function inRule(rule: unknown, text: string): readonly Site[] {
  const sites: Site[] = [];
  const put = (start: number, end: number, replacement: string): void => void sites.push({ start, end, replacement });
  const textOf = ({ start, end }: SyntaxNode): string => text.slice(start, end);
  visit(rule, (node) => {
    const { start, end } = node;
    if (node.type === "CallExpression") {
      const callee = node["callee"] as SyntaxNode;
      if (callee.type !== "MemberExpression") return;
      const [object, property] = [callee["object"], callee["property"]] as SyntaxNode[];
      const other = methods[textOf(property!)];
      if (other) put(property!.start, property!.end, other);
      // The call is left out.
      put(start, end, textOf(object!));
    } else if (node.type === "Literal" && typeof node["value"] === "number") put(start, end, nudged(textOf(node)));
    else if (node.type === "BinaryExpression" || node.type === "LogicalExpression") {
      const [left, right] = [node["left"], node["right"]] as SyntaxNode[];
      const operator = String(node["operator"]);
      const other = swaps[operator] ?? { "===": "!==", "!==": "===" }[operator];
      if (other) put(left!.end, right!.start, ` ${other} `);
    } else if (node.type === "ConditionalExpression") {
      const [test, yes, no] = [node["test"], node["consequent"], node["alternate"]] as SyntaxNode[];
      put(start, end, `${textOf(test!)} ? ${textOf(no!)} : ${textOf(yes!)}`);
    } else if (node.type === "UnaryExpression" && node["operator"] === "-") put(start, end, textOf(node["argument"] as SyntaxNode));
  });
  return sites;
}

const filesIn = (folder: string, extension: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(extension))
    .sort()
    .map((file) => `${folder}/${file}`);

/** All faults that can be planted: thousands. */
export const allMutants = (): readonly Mutant[] => [
  ...filesIn("shaders", ".wgsl").flatMap(inShader),
  ...filesIn("src/ops", ".ts").flatMap(inFamily),
];
