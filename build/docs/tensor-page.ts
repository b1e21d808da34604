// The class Tensor: members that are no operators, and a table of those that are.
import { records } from "../../src/ops/install.ts";
import { isView } from "../../src/ops/op.ts";
import { type Catalog, operators } from "./catalog.ts";
import { pytorch, spellings } from "./chapters.ts";
import type { Compiler } from "./compiler.ts";
import { code, type Member, memberLine, membersOf, prose } from "./entries.ts";
import { block } from "./examples.ts";

/** Members of the class that are the engine's. */
const engine = new Set(
  (
    "storage viewOf path tracked pressure constant upload whole edge outputIndex peekGrad alias viewed seenFrom preserved setHistory rebase " +
    "moveTo receiveGrad checkInPlace filledLike uploadedLike moved constantOn checkLive"
  ).split(" "),
);

const example = [
  "const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });",
  "x.square().sum().backward();",
  "await x.grad!.tolist(); // → [[2, 4], [6, 8]]",
];

const has = (table: object, name: string): boolean => Object.hasOwn(table, name);
/** The operator behind a method. */
const base = (name: string): string => (has(records, name) ? name : name.replace(/_$/, ""));

/** Whether PyTorch's tensors have a member of this name. */
function inPyTorch(name: string): boolean {
  const { chapters, undocumented } = pytorch.namespaces["torch.Tensor"]!;
  return spellings(name).some((s) => undocumented.includes(s) || Object.values(chapters).some((names) => names.includes(s)));
}

/** What users see of a tensor: no operator that is internal, but what writes through one under PyTorch's name. */
function members(compiler: Compiler, { classes }: Catalog): Member[] {
  const all = membersOf(compiler, classes.get("Tensor")!, "Tensor", new Map()).filter(({ name }) => !engine.has(name));
  return all.filter(({ name }) => !has(records, base(name)) || has(operators, base(name)) || (name.endsWith("_") && inPyTorch(name)));
}
export const memberNames = (compiler: Compiler, catalog: Catalog): string[] => members(compiler, catalog).map(({ name }) => name);

export function tensorEntry(compiler: Compiler, catalog: Catalog): string {
  const { values, classes } = catalog;
  const { symbol } = values.get("Tensor")!.entity;
  const doc = compiler.doc(symbol);
  const all = members(compiler, catalog);
  const isMethod = ({ name }: Member): boolean => has(operators, base(name));
  const lines = all
    .filter((m) => !isMethod(m))
    .map((m) => {
      // copy_ and fill_ are written by operators that have no function of their own, and are described there.
      const writer = has(records, base(m.name)) ? base(m.name) : undefined;
      const plain = writer && compiler.properties(classes.get("Tensor")!).find(({ name }) => name === writer);
      return memberLine(plain ? { ...m, description: compiler.doc(plain.symbol) } : m);
    });
  const rows = all
    .filter((m) => isMethod(m) && m.name === base(m.name))
    .map(({ name }) => {
      const { link, entity } = values.get(name)!;
      const op = operators[name]!;
      const inPlace = !isView(op) && op.inplace ? `, ${code(`${name}_`)}` : "";
      return `| [${code(name)}](${link})${inPlace} | ${prose(compiler.doc(entity.symbol).text).replace(/\|/g, "\\|")} |`;
    });
  return [
    "## `Tensor`",
    prose(doc.text),
    lines.join("\n"),
    block(example),
    "## Operators as methods",
    "The tensor itself is the first argument; a name with an underscore writes into it.",
    `| method | |\n|---|---|\n${rows.sort().join("\n")}`,
  ].join("\n\n");
}
