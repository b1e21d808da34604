// Lays a single file out so that gzip, whose memory is 32 KiB, finds more.
import MagicString from "magic-string";
import { parseAst } from "vite";
import { visit } from "./pack.ts";

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}
interface Identifier extends Node {
  readonly name: string;
}
interface Getter extends Node {
  readonly value: Node & { readonly body: Identifier };
}
interface Getters extends Node {
  readonly properties: readonly Getter[];
}
interface Declaration extends Node {
  readonly declarations: readonly [{ readonly id: Identifier; readonly init: (Node & { readonly arguments?: readonly Getters[] }) | null }];
}
interface Call extends Node {
  readonly expression: Node & { readonly callee: Identifier; readonly arguments: readonly Identifier[] };
}

/** How often a tree mentions a variable; a local one of the same name counts too. */
function mentions(tree: unknown): (name: string) => number {
  const found = new Map<string, number>();
  const keys = new Set<unknown>();
  visit(tree, (node) => {
    // Parents come first, so that a name after a dot or before a colon is known as such.
    if (!node["computed"]) keys.add(node["property"]).add(node["shorthand"] ? undefined : node["key"]);
    if (node.type !== "Identifier" || keys.has(node)) return;
    const name = String(node["name"]);
    found.set(name, (found.get(name) ?? 0) + 1);
  });
  return (name) => found.get(name) ?? 0;
}

/**
 * A bundled module before it is minified, with operator records written where their family is installed, `install({ add: {…} })`,
 * instead of `var add$1 = {…}`, a getter for each and `install(family)`. Records that others mention stay variables.
 */
export function withRecordsInPlace(code: string): MagicString {
  const text = new MagicString(code);
  const tree = parseAst(code);
  const count = mentions(tree);
  const statements = tree.body as unknown as readonly Node[];
  const variables = new Map<string, Declaration>();
  for (const node of statements as readonly Declaration[])
    if (node.type === "VariableDeclaration" && node.declarations.length === 1) variables.set(node.declarations[0].id.name, node);
  /** Puts the initial value of a variable, or the part of it that counts, in place of a mention, and takes the variable away. */
  const move = (variable: Declaration, part: Node, place: Node): void => {
    text.move(part.start, part.end, place.start).remove(place.start, place.end);
    text.remove(variable.start, part.start).remove(part.end, variable.end);
  };
  for (const { type, expression } of statements as readonly Call[]) {
    if (type !== "ExpressionStatement" || expression.type !== "CallExpression" || expression.callee.name !== "install") continue;
    for (const family of expression.arguments) {
      const namespace = variables.get(family.name)!;
      const getters = namespace.declarations[0].init!.arguments![0]!;
      for (const { value } of getters.properties) {
        const { name } = value.body;
        const record = variables.get(name);
        const init = record?.declarations[0].init;
        // Its declaration and its getter mention it.
        if (init && count(name) === 2) move(record!, init, value);
        else text.update(value.start, value.end, name);
      }
      move(namespace, getters, family);
    }
  }
  return text;
}

/**
 * A minified module that ends in `{abs:x,add:y}=table;export{x as abs,y as add,z as Tensor}` with
 * `export const{abs,add}=table;export{z as Tensor}` instead: each name once. Any other module stays as it is.
 */
export function withPlainExports(code: string): string {
  const end = /,\{([\w$:,]+)\}=([\w$]+);export\{([^}]*)\};/.exec(code);
  if (!end) return code;
  const [text, pattern = "", table = "", list = ""] = end;
  const count = mentions(parseAst(code));
  const exported = new Set(list.split(","));
  const [plain, used]: [string[], string[]] = [[], []];
  for (const pair of pattern.split(",")) {
    const [name, local] = pair.split(":") as [string, string];
    // Names as short as a minifier's may be taken.
    const once = name.length > 2 && exported.has(`${local} as ${name}`) && count(local) === 2;
    (once ? plain : used).push(once ? name : pair);
    if (once) exported.delete(`${local} as ${name}`);
  }
  if (plain.length === 0) return code;
  const rest = used.length > 0 ? `,{${used.join(",")}}=${table}` : "";
  const tail = `${rest};export const{${plain.join(",")}}=${table};export{${[...exported].join(",")}};`;
  return code.slice(0, end.index) + tail + code.slice(end.index + text.length);
}
