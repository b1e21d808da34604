// docs/from-pytorch.md: every public name of PyTorch 1.13, and where it is here. Found by looking into the library.
import { asDType } from "../../src/base/dtype.ts";
import { camel } from "../../src/base/python.ts";
import * as wengert from "../../src/index.ts";
import { elsewhere, reasonFor } from "./absent.ts";
import type { Catalog } from "./catalog.ts";
import { counterparts, pytorch } from "./chapters.ts";
import type { Compiler } from "./compiler.ts";
import { code } from "./entries.ts";
import { memberNames } from "./tensor-page.ts";

/** A place here: how it is written, and where it is described. */
interface Here {
  readonly text: string;
  readonly link: string | undefined;
}
type Table = Readonly<Record<string, unknown>>;

/** Answers where names are. */
class Library {
  readonly #members: ReadonlySet<string>;
  readonly #catalog: Catalog;
  constructor(compiler: Compiler, catalog: Catalog) {
    this.#catalog = catalog;
    this.#members = new Set(memberNames(compiler, catalog));
  }

  /** What a path of ours leads to; undefined when there is nothing. Members of classes follow their class. */
  at(path: string): Here | undefined {
    if (path.startsWith("Tensor.")) return this.#member(path.slice("Tensor.".length));
    const steps = path.split(".");
    let value: unknown = wengert;
    for (const [i, step] of steps.entries()) {
      const holder = value as Table;
      if (typeof value === "function" && step in Object(value.prototype))
        return i === steps.length - 1 ? { text: path, link: this.#link(steps.slice(0, -1).join(".")) } : undefined;
      if (!Object.hasOwn(Object(holder) as object, step)) return this.#type(path);
      value = holder[step];
    }
    // A namespace is no name.
    const isNamespace = typeof value === "object" && Object.prototype.toString.call(value) === "[object Module]";
    return isNamespace ? undefined : { text: path, link: this.#link(path) };
  }
  #link(path: string): string | undefined {
    const { values } = this.#catalog;
    const found =
      values.get(path) ?? values.get(path.replace(/^.*\./, "")) ?? [...values.values()].find(({ entity }) => entity.path === path);
    return found?.link;
  }
  #member(name: string): Here | undefined {
    if (!this.#members.has(name)) return undefined;
    const link = this.#catalog.values.get(name.replace(/_$/, ""))?.link ?? this.#catalog.values.get(name)?.link ?? "tensor.md#tensor";
    const property = Object.getOwnPropertyDescriptor(wengert.Tensor.prototype, name);
    return { text: property && typeof property.value === "function" ? `x.${name}()` : `x.${name}`, link };
  }
  /** Data sets and samplers are interfaces: they exist for the compiler only. */
  #type(path: string): Here | undefined {
    if (!path.startsWith("data.")) return undefined;
    const found = this.#catalog.types.find(({ namespace, name }) => (namespace === "" ? name : `${namespace}.${name}`) === path);
    return found && { text: path, link: `types.md#${found.name.toLowerCase()}` };
  }

  /** Where a name of one of PyTorch's namespaces is. */
  find(space: string, name: string): readonly Here[] {
    const path = `${space}.${name}`;
    const given = elsewhere[path];
    if (given)
      return given.map((ours) => {
        const here = this.at(ours);
        if (!here) throw new Error(`docs: ${path} is said to be ${ours}, which does not exist (mend build/docs/absent.ts)`);
        return here;
      });
    if (space === "torch" && isDType(name)) return [{ text: `"${name}"`, link: "types.md#dtypelike" }];
    const own = this.#named(space, name);
    return own ? [own] : [];
  }
  #named(space: string, name: string): Here | undefined {
    const dotted = name.split(".").map((step, i, all) => (i === all.length - 1 || !/^[A-Z]/.test(step) ? camel(step) : step));
    const spelt = [dotted.join("."), name];
    for (const candidate of new Set(spelt))
      for (const place of placesOf(space)) {
        const here = this.at(place === "" ? candidate : `${place}.${candidate}`);
        if (here) return here;
      }
    return undefined;
  }
}

function isDType(name: string): boolean {
  try {
    return asDType(name) !== undefined;
  } catch {
    return false;
  }
}

/** Namespaces of ours in which a name of PyTorch's may be, the likeliest first. */
function placesOf(space: string): readonly string[] {
  if (space === "torch") return ["", "nn.functional", "Tensor", "autograd", "linalg"];
  if (space === "torch.Tensor") return ["Tensor"];
  if (space === "torch.nn.Module") return ["nn.Module"];
  if (space === "torch.linalg") return ["linalg"];
  if (space === "torch.autograd") return ["autograd", ""];
  return [Object.entries(counterparts).find(([, theirs]) => theirs === space)![0]];
}

const shownHere = (list: readonly Here[]): string =>
  list.map(({ text, link }) => (link ? `[${code(text)}](reference/${link})` : code(text))).join(", ");

interface Section {
  readonly title: string;
  readonly total: number;
  readonly here: number;
  readonly text: string;
}

function section(library: Library, space: string): Section {
  const { chapters, undocumented } = pytorch.namespaces[space]!;
  const names = [...new Set(Object.values(chapters).flat())].filter((name) => !name.startsWith("_")).sort();
  const found = new Map(names.map((name) => [name, library.find(space, name)]));
  const rows = names.map((name) => {
    const list = found.get(name)!;
    return `| ${code(name)} | ${list.length > 0 ? shownHere(list) : `– ${reasonFor(`${space}.${name}`)}`} |`;
  });
  const missing = new Map<string, string[]>();
  for (const name of undocumented) {
    const list = library.find(space, name);
    if (list.length > 0) rows.push(`| ${code(name)} | ${shownHere(list)} |`);
    else {
      const reason = reasonFor(`${space}.${name}`);
      missing.set(reason, [...(missing.get(reason) ?? []), name]);
    }
  }
  for (const [reason, list] of missing) rows.push(`| ${list.map(code).join(" ")} | – ${reason} |`);
  const here = [...found.values()].filter((list) => list.length > 0).length;
  return { title: space, total: names.length, here, text: `## ${space}\n\n| PyTorch | here |\n|---|---|\n${rows.join("\n")}` };
}

const intro = `<!-- Generated by \`npm run docs\`: names by build/docs/pytorch_names.py, where they are by looking into the library. -->

# From PyTorch

Every public name of PyTorch ${pytorch.version}, and where it is here. Most follow from rules:

- snake_case is camelCase: \`max_pool2d\` is \`maxPool2d\`. Classes keep their names, in-place operators their underscore, and keys of state dicts are PyTorch's to the letter.
- Arguments come in PyTorch's order. Keyword arguments are collected in one object at the end: \`F.max_pool2d(x, 2, stride=1)\` is \`nn.functional.maxPool2d(x, 2, { stride: 1 })\`.
- Operators on tensors are methods: \`a + b * 2\` is \`a.add(b.mul(2))\`, \`x[0, 1:5]\` is \`x.at(0, { start: 1, stop: 5 })\`, \`x[:, [2, 0]]\` is \`x.at(":", [2, 0])\`, \`x[..., 0] = y\` is \`x.indexPut_(["...", 0], y)\`, \`x += y\` is \`x.add_(y)\`.
- \`len(x)\` is \`x.size(0)\`, \`bool(x)\` is \`await x.isNonzero()\`, \`float(x)\` is \`await x.item()\`, \`torch.where(mask)\` is \`await mask.nonzero({ asTuple: true })\`, \`for row in x\` is \`for (const row of x)\`.
- A module is called by \`call\`: \`model(x)\` is \`model.call(x)\`. Names of properties are keys of the state dict: \`self.fc_out\` stays \`this.fc_out\` where weights come from PyTorch.
- A data set has \`get(index)\` for \`__getitem__\` and \`length\` for \`__len__\`. \`DataLoader\` has no \`num_workers\` and no \`pin_memory\`: leave them out.
- Values come back with \`await\`: \`await loss.item()\`, \`await x.tolist()\`, \`await x.array()\`. Everything else is synchronous.
- \`with torch.no_grad():\` is \`noGrad(() => …)\`; several results are an object with PyTorch's field names, \`{ values, indices }\`.
- \`device="cuda"\` is \`await init()\` once: tensors are made on the GPU from then on.

Below, every name that PyTorch's reference documents has a row; names that it does not document have one where they are here, and share one otherwise.`;

export function fromPyTorch(compiler: Compiler, catalog: Catalog): string {
  const library = new Library(compiler, catalog);
  const sections = Object.keys(pytorch.namespaces).map((space) => section(library, space));
  const counts = sections.map(
    ({ title, total, here }) => `| [${code(title)}](#${title.toLowerCase().replace(/\./g, "")}) | ${total} | ${here} |`,
  );
  const summary = `| namespace | documented | here |\n|---|--:|--:|\n${counts.join("\n")}`;
  return `${[intro, summary, ...sections.map(({ text }) => text)].join("\n\n")}\n`;
}
