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

export function tensorEntry(compiler: Compiler, { values, classes }: Catalog): string {
  const { symbol } = values.get("Tensor")!.entity;
  const doc = compiler.doc(symbol);
  const all = membersOf(compiler, classes.get("Tensor")!, "Tensor", new Map()).filter(({ name }) => !engine.has(name));
  const isMethod = ({ name }: Member): boolean => has(operators, base(name));
  // What is written by an operator that has no function of its own: copy_ and fill_.
  const isWriter = ({ name }: Member): boolean => name.endsWith("_") && inPyTorch(name);
  const own = all.filter((m) => !has(records, base(m.name)) || (!isMethod(m) && isWriter(m)));
  const lines = own.map((m) => {
    const plain = has(records, base(m.name))
      ? compiler.properties(classes.get("Tensor")!).find(({ name }) => name === base(m.name))
      : undefined;
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
