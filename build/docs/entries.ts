// One name as Markdown: its sentence, how it is called, options with defaults, members, errors, an example.
import { materialise } from "../../src/inspect/samples.ts";
import { type AnyOp, differentiable, isView } from "../../src/ops/op.ts";
import type { Compiler, Declared, Doc, Field, Signature, Type } from "./compiler.ts";
import { type Defaults, leadingDefaults, operatorDefaults, shownDefault } from "./defaults.ts";
import { block, exampleOf, finished } from "./examples.ts";
import { type Form, formOf, listed } from "./signatures.ts";

/** Something that users can name. */
export interface Entity {
  /** Namespace of ours; "" is the root. */
  readonly namespace: string;
  readonly name: string;
  readonly symbol: Declared;
  /** Its value at run time; undefined for types. */
  readonly value: unknown;
  /** The record, for operators. */
  readonly op?: AnyOp;
  /** How callers write it: `nn.Conv2d`, `cumsum`; methods begin with a dot. */
  readonly path: string;
}

export const code = (text: string): string => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``);
const cell = (text: string): string => text.replace(/\|/g, "\\|");
/** What Markdown would take for HTML. */
export const prose = (text: string): string => text.replace(/`[^`]*`|</g, (m) => (m === "<" ? "&lt;" : m));
/** Where a heading can be linked to. */
export const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, "")
    .replace(/ /g, "-");

type Callable = (...args: readonly unknown[]) => unknown;
type Class = new (...args: readonly unknown[]) => unknown;

export const isClass = (compiler: Compiler, { symbol, value }: Pick<Entity, "symbol" | "value">): boolean =>
  typeof value === "function" && compiler.constructs(compiler.typeOf(symbol)).length > 0;

/** The forms as lines of code, each with all its ways to call; methods lose the argument that they are called on. */
function signature(compiler: Compiler, path: string, forms: readonly (readonly Signature[])[], self?: number, isNew = false): string {
  const lines = forms.map((ways) => {
    const { parameters, returns } = formOf(compiler, ways)!;
    const call = `${path.replace(/^\./, "x.")}(${listed(parameters.filter((_, i) => i !== self))})`;
    return isNew ? `new ${call}` : `${call}: ${returns}`;
  });
  return fenced([...new Set(lines)].join("\n"));
}

function optionTable(form: Form, defaults: Defaults | undefined): string {
  const extra = Object.keys(defaults ?? {}).filter((name) => defaults![name] !== undefined);
  const rows = form.options.filter(({ name, optional }) => optional || extra.includes(name));
  if (rows.length === 0) return "";
  const mixed = rows.some(({ keyword }) => keyword) && rows.some(({ keyword }) => !keyword);
  const withDoc = mixed || rows.some(({ doc }) => doc !== "");
  const lines = rows.map(({ name, type, doc, keyword }) => {
    const value = shownDefault(defaults?.[name]);
    const meaning = [prose(doc), mixed && keyword ? "By name only." : ""].filter(Boolean).join(" ");
    return `| ${code(name)} | ${cell(code(type))} | ${value === "" ? "" : cell(code(value))} |${withDoc ? ` ${cell(meaning)} |` : ""}`;
  });
  const head = withDoc ? "| option | type | default | |\n|---|---|---|---|" : "| option | type | default |\n|---|---|---|";
  return `${head}\n${lines.join("\n")}`;
}

const described = ({ text, shape, errors, source }: Doc): string[] => [
  prose(text),
  [shape && `Shape: ${prose(shape)}`, errors && `Errors: ${prose(errors)}`, source && `Source: ${prose(source)}`]
    .filter(Boolean)
    .map((line) => `- ${line}`)
    .join("\n"),
];

/** Code that is read, not run. */
const fenced = (text: string): string => `\`\`\`typescript\n${text}\n\`\`\``;
const joined = (parts: readonly string[]): string => parts.filter((part) => part !== "").join("\n\n");

// ---- operators ----------------------------------------------------------------------------------------------------

/** What a record says of itself. */
function traits(op: AnyOp, name: string, path: string): string {
  const facts: string[] = [];
  if ((op.self ?? 0) >= 0 && !path.startsWith(".")) facts.push(`method ${code(`x.${name}()`)}`);
  if (!isView(op) && op.inplace) facts.push(`in place ${code(`x.${name}_()`)}`);
  if (isView(op)) facts.push("a view");
  if (!name.endsWith("_")) facts.push(differentiable(op) ? "differentiable to any order" : "without gradient");
  return facts.length > 0 ? `${facts.join(" · ").replace(/^./, (c) => c.toUpperCase())}.` : "";
}

/** Messages of the calls that a record's error samples make. */
function refusals(op: AnyOp, call: Callable): string {
  const messages = op.errors.map(({ args }) => {
    try {
      call(...materialise(args, "cpu", "float32").args);
      return "";
    } catch (error) {
      return String(error).replace(/\s+/g, " ");
    }
  });
  const some = [...new Set(messages)]
    .filter((text) => /^\w+Error: /.test(text) && text.length < 200 && !text.includes("must be a tensor, got"))
    .slice(0, 3);
  return some.map((text) => `- ${code(text)}`).join("\n");
}

async function operator(compiler: Compiler, entity: Entity): Promise<string> {
  const { name, symbol, op, path } = entity;
  const call = entity.value as Callable;
  const type = compiler.typeOf(symbol);
  const calls = compiler.calls(type);
  const form = formOf(compiler, calls);
  if (!form || !op) throw new Error(`docs: ${name} has no signature`);
  const doc = compiler.doc(symbol);
  if (doc.text === "") throw new Error(`docs: operator ${name} has no doc comment`);
  const self = op.self ?? 0;
  // Reserved words can be no functions' names.
  const method = path.startsWith(".") || name === "var";
  // What is spread out shares one name, which is nobody's own.
  const spread = form.parameters.findIndex((p) => p.rest);
  const names = form.parameters.map((p) => p.name).slice(0, spread < 0 ? undefined : spread);
  const spelling = (args: readonly string[]): string =>
    method ? `${args[self]}.${name}(${args.filter((_, i) => i !== self).join(", ")})` : `${path}(${args.join(", ")})`;
  const lines = exampleOf(op, call, names, spelling);
  if (doc.examples.length === 0 && lines.length === 0) throw new Error(`docs: operator ${name} has neither samples nor an @example`);
  const examples = doc.examples.length > 0 ? doc.examples.map((text) => block([text])) : [block(await finished(lines))];
  const [text, facts] = described(doc);
  return joined([
    `## ${code(path)}`,
    text!,
    signature(compiler, path, compiler.forms(type), method ? self : undefined),
    traits(op, name, path),
    optionTable(form, operatorDefaults(call, op.samples)),
    [facts!, refusals(op, call)].filter(Boolean).join("\n"),
    ...examples,
  ]);
}

// ---- classes and functions ----------------------------------------------------------------------------------------

function probed({ value }: Entity, form: Form, isNew: boolean): Defaults | undefined {
  if (form.options.length === 0) return undefined;
  return leadingDefaults((...args) => (isNew ? new (value as Class)(...args) : (value as Callable)(...args)));
}

/** Members of an instance, or of a class, that are declared here and not in another class that has an entry of its own. */
export function membersOf(compiler: Compiler, type: Type, own: string, classes: ReadonlyMap<string, Type>, base?: string): Member[] {
  const before = new Set(base === undefined ? [] : compiler.names(classes.get(base)!));
  return compiler.properties(type).flatMap((property) => {
    const parent = property.symbol.getParent()?.name ?? "";
    const inherited = (parent !== own && (classes.has(parent) || before.has(property.name))) || parent === "Error";
    if (inherited || property.name === "prototype" || property.name === "extraRepr") return [];
    const forms = compiler.forms(property.of).map((ways) => formOf(compiler, ways)!);
    const description = compiler.doc(property.symbol);
    // What no call gets past is no way to call.
    if (forms.length > 0 && forms.every(({ returns }) => returns === "never")) return [];
    // What subclasses of Module write as forward, users reach by call.
    if (property.name === "forward" && base !== undefined)
      return [{ ...property, name: "call", forms, description: { ...description, text: "" } }];
    return [{ ...property, forms, description }];
  });
}
export interface Member extends Field {
  /** Its overloads; none for a plain property. */
  readonly forms: readonly Form[];
  readonly description: Doc;
}

/** `[Symbol.dispose]` and the like, as they are called. */
const spelt = (name: string): string => name.replace(/^__@(\w+)@.*$/, "[Symbol.$1]");

/** A member as a line of a list. */
export function memberLine({ name, type, optional, forms, description }: Member, before = ""): string {
  const own = `${before}${spelt(name)}`;
  const calls = forms.map(({ parameters, returns }) => `${own}(${listed(parameters)}): ${returns}`);
  const titles = calls.length > 0 ? [...new Set(calls)] : [`${own}${optional ? "?" : ""}: ${type}`];
  const { text, shape, errors } = description;
  const rest = [text, shape && `Shape: ${shape}`, errors && `Errors: ${errors}`].filter(Boolean).join(" ");
  return `- ${titles.map(code).join(" · ")}${rest ? ` ${prose(rest)}` : ""}`;
}

/** Documented members one a line, the others together on one. */
function memberList(members: readonly Member[], options: ReadonlySet<string>): string {
  const documented = members.filter(({ description, forms }) => description.text !== "" || forms.length > 0);
  const plain = members.filter((m) => !documented.includes(m) && !options.has(m.name));
  const lines = documented.filter(({ name, forms }) => forms.length > 0 || !options.has(name)).map((m) => memberLine(m));
  if (plain.length > 0) lines.push(`- Properties: ${plain.map(({ name, type }) => code(`${spelt(name)}: ${type}`)).join(", ")}.`);
  return lines.join("\n");
}

/** The public class that a class extends. */
function baseOf(value: unknown, classes: ReadonlyMap<string, Type>): string | undefined {
  for (
    let base = Object.getPrototypeOf(value) as { name?: string } | null;
    typeof base === "function";
    base = Object.getPrototypeOf(base) as typeof base
  )
    if (classes.has(base.name ?? "")) return base.name;
  return undefined;
}

function classEntry(compiler: Compiler, entity: Entity, classes: ReadonlyMap<string, Type>): string {
  const { name, symbol, path, value } = entity;
  const type = compiler.typeOf(symbol);
  const constructors = compiler.constructs(type);
  const form = formOf(compiler, constructors)!;
  const doc = compiler.doc(symbol);
  if (doc.text === "") throw new Error(`docs: class ${path} has no doc comment`);
  if (doc.examples.length === 0 && !process.env["LENIENT"]) throw new Error(`docs: class ${path} has no @example`);
  const instance = compiler.returns(constructors[0]!);
  const options = new Set(form.options.map((o) => o.name));
  const base = baseOf(value, classes);
  const statics = membersOf(compiler, type, name, classes).filter((m) => !["name", "length"].includes(m.name) && m.description.text !== "");
  const [text, facts] = described(doc);
  return joined([
    `## ${code(path)}`,
    `${text}${base ? ` Extends ${code(base)}.` : ""}`,
    signature(
      compiler,
      path,
      constructors.map((one) => [one]),
      undefined,
      true,
    ),
    optionTable(form, probed(entity, form, true)),
    facts!,
    [memberList(membersOf(compiler, instance, name, classes, base), options), ...statics.map((m) => memberLine(m, `${name}.`))]
      .filter(Boolean)
      .join("\n"),
    ...doc.examples.map((example) => block([example])),
  ]);
}

function functionEntry(compiler: Compiler, entity: Entity): string {
  const { symbol, path } = entity;
  const type = compiler.typeOf(symbol);
  const form = formOf(compiler, compiler.calls(type));
  const doc = compiler.doc(symbol);
  const [text, facts] = described(doc);
  if (text === "") throw new Error(`docs: ${path} has no doc comment`);
  return joined([
    `## ${code(path)}`,
    text!,
    form ? signature(compiler, path, compiler.forms(type)) : fenced(`${path}: ${compiler.text(type)}`),
    form ? optionTable(form, probed(entity, form, false)) : "",
    facts!,
    ...doc.examples.map((example) => block([example])),
  ]);
}

/** A type: the members of an interface, or what an alias stands for. */
export function typeEntry(compiler: Compiler, { symbol, name }: Entity): string {
  const doc = compiler.doc(symbol);
  const alias = compiler.aliased(symbol);
  const members = alias ? [] : membersOf(compiler, compiler.declaredType(symbol), name, new Map());
  return joined([
    `## ${code(name)}`,
    described(doc)[0]!,
    alias ? fenced(`type ${name} = ${alias}`) : members.map((m) => memberLine(m)).join("\n"),
  ]);
}

/** The entry of a value. */
export async function entry(
  compiler: Compiler,
  entity: Entity,
  { classes }: { readonly classes: ReadonlyMap<string, Type> },
): Promise<string> {
  if (entity.op) return operator(compiler, entity);
  return isClass(compiler, entity) ? classEntry(compiler, entity, classes) : functionEntry(compiler, entity);
}
