// The class Tensor: members that are no operators, and a table of those that are.
import { memo } from "../../src/base/memo.ts";
import { records } from "../../src/ops/install.ts";
import { isView } from "../../src/ops/op.ts";
import { type Catalog, operators } from "./catalog.ts";
import { pytorch, spellings } from "./chapters.ts";
import type { Compiler } from "./compiler.ts";
import { code, type Member, memberLine, membersOf, prose } from "./entries.ts";
import { block } from "./examples.ts";

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

const found = new WeakMap<Catalog, Member[]>();

/** What users see of a tensor: no operator that is internal, but what writes through one under PyTorch's name. */
function members(compiler: Compiler, catalog: Catalog): Member[] {
  return memo(found, catalog, () => {
    const all = membersOf(compiler, catalog.classes.get("Tensor")!, "Tensor", new Map());
    return all.filter(({ name }) => !has(records, base(name)) || has(operators, base(name)) || (name.endsWith("_") && inPyTorch(name)));
  });
}
export const memberNames = (compiler: Compiler, catalog: Catalog): string[] => members(compiler, catalog).map(({ name }) => name);

export function tensorEntry(compiler: Compiler, catalog: Catalog): string {
  const { values } = catalog;
  const { symbol } = values.get("Tensor")!.entity;
  const doc = compiler.doc(symbol);
  const all = members(compiler, catalog);
  const isMethod = ({ name }: Member): boolean => has(operators, base(name));
  const lines = all
    .filter((m) => !isMethod(m))
    .map((m) => {
      // copy_ and fill_ are written by operators that users do not call otherwise, and are described there.
      const writer = catalog.recorded.get(base(m.name));
      return memberLine(writer ? { ...m, description: compiler.doc(writer) } : m);
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
