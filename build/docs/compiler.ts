// What the TypeScript compiler knows about the library: exports, types as text, members, doc comments.
// TypeScript 7 has no stable API yet; this file is the only one that sees the unstable one.
import { fileURLToPath } from "node:url";
import { memo } from "../../src/base/memo.ts";
import { type Node, SyntaxKind } from "typescript/unstable/ast";
import {
  API,
  type Checker,
  type Emitter,
  NodeBuilderFlags,
  type NodeHandle,
  type Program,
  type Signature,
  SignatureKind,
  type Symbol as Declared,
  SymbolFlags,
  type Type,
  type TypeReference,
} from "typescript/unstable/sync";

export type { Declared, Signature, Type };

/** Folder of package.json, with a slash at the end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** A doc comment in its parts. */
export interface Doc {
  readonly text: string;
  readonly shape: string;
  readonly errors: string;
  readonly source: string;
  /** Code of the `@example` tags. */
  readonly examples: readonly string[];
}

/** A parameter, tuple member or property. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  readonly doc: string;
  /** What the declaration sets it to when left out. */
  readonly initial?: string | undefined;
  /** `...name`. */
  readonly rest?: boolean;
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** Names that need no explanation: those of JavaScript and the browser. */
const known = (name: string): boolean =>
  name in globalThis || /^([A-Z]$|Readonly|Partial|Record|Pick|Omit|Iterable|GPU|Array|TypedArray)/.test(name);

export interface Property extends Field {
  readonly symbol: Declared;
  readonly of: Type;
}

/** An open project. Close it, or the compiler's process stays. */
export class Compiler {
  readonly #api = new API({ cwd: root });
  readonly #program: Program;
  readonly #checker: Checker;
  readonly #emitter: Emitter;
  readonly #properties = new Map<number, readonly Property[]>();
  readonly #public = new Set<string>();
  /** Types of src/ by name; undefined where several files export one of that name. */
  #inside: Map<string, Declared | undefined> | undefined;
  /** Types that nobody can import and signatures name all the same. */
  readonly explained = new Map<string, Declared>();

  constructor() {
    const project = this.#api.updateSnapshot({ openProject: `${root}src/tsconfig.json` }).getProjects()[0]!;
    this.#program = project.program;
    this.#checker = project.checker;
    this.#emitter = project.emitter;
  }
  close(): void {
    this.#api.close();
  }

  /** What a file exports, aliases followed, in its order. Their names need no expansion in types from then on. */
  exportsOf(file: string): Map<string, Declared> {
    const source = this.#program.getSourceFile(root + file);
    const module = source && this.#checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`docs: ${file} exports nothing`);
    return this.#resolved(this.#checker.getExportsOfModule(module));
  }
  /** What a namespace holds; undefined for everything that is none. */
  membersOfNamespace(symbol: Declared): Map<string, Declared> | undefined {
    return symbol.flags & SymbolFlags.ValueModule ? this.#resolved(this.#checker.getExportsOfModule(symbol)) : undefined;
  }
  #resolved(symbols: readonly Declared[]): Map<string, Declared> {
    const pairs = symbols.map((s) => [s.name, s.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(s) : s] as const);
    for (const [name] of pairs) this.#public.add(name);
    return new Map(pairs);
  }

  /** Path from the root of the file that declares a symbol first. */
  fileOf(symbol: Declared): string {
    return String(symbol.declarations[0]?.path ?? "").slice(root.length);
  }
  isValue(symbol: Declared): boolean {
    return (symbol.flags & SymbolFlags.Value) !== 0;
  }
  typeOf(symbol: Declared): Type {
    return this.#checker.getTypeOfSymbol(symbol)!;
  }
  /** The type that a class, interface or alias declares. */
  declaredType(symbol: Declared): Type {
    return this.#checker.getDeclaredTypeOfSymbol(symbol);
  }
  calls(type: Type): readonly Signature[] {
    return this.#checker.getSignaturesOfType(type, SignatureKind.Call);
  }
  /** The forms that a function declares, each with its ways to call: an intersection of functions is one form. */
  forms(type: Type): readonly (readonly Signature[])[] {
    const calls = this.calls(type);
    return type.isIntersectionType() ? [calls] : calls.map((one) => [one]);
  }
  /** What `new` of a class gives; what an interface declares. */
  instanceOf(symbol: Declared): Type {
    const [signature] = this.constructs(this.typeOf(symbol));
    return signature ? this.returns(signature) : this.declaredType(symbol);
  }
  constructs(type: Type): readonly Signature[] {
    return this.#checker.getSignaturesOfType(type, SignatureKind.Construct);
  }
  returns(signature: Signature): Type {
    return this.#checker.getReturnTypeOfSignature(signature)!;
  }

  /**
   * A type on one line, without `undefined` where that only says optional. Names that users cannot import give way to what they stand for,
   * unless that is long: then they are explained among the types.
   */
  text(given: Type, optional = false): string {
    const type = this.#bound(given) ?? given;
    const print = (t: Type, flags = NodeBuilderFlags.NoTruncation): string => oneLine(this.#checker.typeToString(t, undefined, flags));
    const union = type.isUnionType() ? [...type.getTypes()!] : undefined;
    const parts = union?.map((t) => this.#bound(t) ?? t);
    const bound = parts?.some((t, i) => t !== union![i]);
    const named = bound ? parts!.map((t) => print(t)).join(" | ") : print(type);
    // Generic names tell more than what they stand for.
    const names = (named.replace(/"[^"]*"/g, "").match(/\b[A-Z]\w*\b(?!<)/g) ?? []).filter(
      (name) => !this.#public.has(name) && !known(name),
    );
    const expanded = parts?.map((t) => print(t)).join(" | ") ?? print(type, NodeBuilderFlags.NoTruncation | NodeBuilderFlags.InTypeAlias);
    const clear = names.length === 0 || /\[x: string\]| extends | in keyof /.test(expanded);
    const whole = (clear ? named : expanded).replace("false | true", "boolean");
    const spelt = whole.length > 80 && names.every((name) => this.#explain(name)) ? named : whole;
    const trimmed = optional ? spelt.replace(/ \| undefined\b(?!\))|\bundefined \| /g, "") : spelt;
    return trimmed.replace(/, any, any>/g, ">").replace(/^(null|undefined) \| (.*)$/, "$2 | $1");
  }
  /** What a type parameter, alone or with conditions on it, may be at most. */
  #bound(type: Type): Type | undefined {
    const parameter = type.isTypeParameter()
      ? type
      : type.isIntersectionType()
        ? type.getTypes()!.find((t) => t.isTypeParameter())
        : undefined;
    return parameter?.isTypeParameter() ? this.#checker.getConstraintOfTypeParameter(parameter) : undefined;
  }
  /** Whether a name is exported by exactly one file of src/; it is explained then. */
  #explain(name: string): boolean {
    this.#inside ??= this.#allTypes();
    const symbol = this.#inside.get(name);
    if (symbol) this.explained.set(name, symbol);
    return symbol !== undefined;
  }
  #allTypes(): Map<string, Declared | undefined> {
    const found = new Map<string, Declared | undefined>();
    for (const file of this.#program.getSourceFileNames().filter((path) => path.startsWith(`${root}src/`))) {
      const module = this.#checker.getSymbolAtLocation(this.#program.getSourceFile(file)!);
      for (const symbol of module ? this.#checker.getExportsOfModule(module) : [])
        if (symbol.flags & (SymbolFlags.TypeAlias | SymbolFlags.Interface) && !(symbol.flags & SymbolFlags.Alias))
          found.set(symbol.name, found.has(symbol.name) ? undefined : symbol);
    }
    return found;
  }

  /** A doc comment; for methods made from records, that of the record. */
  doc(named: Declared): Doc {
    const symbol = this.#origin(named);
    const [text = "", ...parts] = oneLine(symbol.getDocumentationComment(this.#checker)).split(/\s*\b(Shape|Errors|Source): /);
    const part = (name: string): string => parts[parts.indexOf(name) + 1] ?? "";
    const found = (name: string): string => (parts.includes(name) ? part(name) : "");
    const examples = symbol
      .getJsDocTags(this.#checker)
      .filter(({ name }) => name === "example")
      .map((tag) => (typeof tag.text === "string" ? tag.text : (tag.text ?? []).map((p) => (p as { text: string }).text).join("")).trim());
    return { text, shape: found("Shape"), errors: found("Errors"), source: found("Source"), examples };
  }

  /** What `export { a as b }` exports. */
  #origin(symbol: Declared): Declared {
    const node = this.#nodeOf(symbol.declarations[0]);
    const specifier = node?.["kind"] === SyntaxKind.ExportSpecifier ? (node as unknown as Node) : undefined;
    return (specifier && this.#checker.getExportSpecifierLocalTargetSymbol(specifier)) ?? symbol;
  }

  /** Parameters of a signature, in order; a rest parameter is the last. */
  parameters(signature: Signature): (Field & { readonly of: Type })[] {
    const nodes = this.#nodeOf(signature.declaration)?.["parameters"] as readonly SyntaxField[] | undefined;
    const all = signature.getParameters();
    return all.map((symbol, i) => {
      const rest = signature.hasRestParameter && i === all.length - 1;
      const node = nodes?.[i];
      const initial = node?.initializer === undefined ? undefined : this.#emitter.printNode(node.initializer as Node);
      const optional = !rest && (node?.questionToken !== undefined || initial !== undefined);
      const of = this.typeOf(symbol);
      return { name: symbol.name, type: this.text(of, optional), optional, doc: "", initial, rest, of };
    });
  }
  /** The tuples and lists that a rest parameter may be, each as its members; undefined for anything else. */
  tuples(type: Type, name: string): (Field & { readonly of: Type })[][] | undefined {
    const types = type.isUnionType() ? [...type.getTypes()!] : [type];
    const found = types.flatMap((t) => {
      if (this.#checker.isTupleType(t)) return [this.#membersOfTuple(t as TypeReference, name)];
      return this.#checker.isArrayType(t) ? [[{ name, type: this.text(t), optional: false, doc: "", rest: true, of: t }]] : [];
    });
    return found.length === types.length ? found : undefined;
  }
  #membersOfTuple(type: TypeReference, rest: string): (Field & { readonly of: Type })[] {
    const types = this.#checker.getTypeArguments(type);
    const flags = NodeBuilderFlags.NoTruncation | NodeBuilderFlags.InTypeAlias;
    const printed = oneLine(this.#checker.typeToString(type, undefined, flags)).replace(/^readonly /, "");
    return parts(printed.slice(1, -1)).map((member, i) => {
      const [, dots, name = rest, mark] = /^(\.\.\.)?(\w+)(\?)?: /.exec(member) ?? [];
      const optional = mark !== undefined;
      const of = types[i]!;
      const text = this.text(of, optional);
      // A type parameter that is spread is a list already.
      return { name, type: dots && !of.isTypeParameter() ? `${text}[]` : text, optional, doc: "", rest: dots !== undefined, of };
    });
  }

  /** Public properties of an object type. */
  properties(given: Type): readonly Property[] {
    const type = this.#checker.getNonNullableType(given) ?? given;
    return memo(this.#properties, type.id, () => this.#propertiesOf(type));
  }
  /** Names of all properties, the hidden ones too. */
  names(type: Type): string[] {
    return this.#checker.getPropertiesOfType(type).map(({ name }) => name);
  }
  #propertiesOf(type: Type): readonly Property[] {
    const internal = this.#internal(type);
    return this.#checker
      .getPropertiesOfType(type)
      .filter((symbol) => !symbol.name.startsWith("__#") && !internal.has(symbol.name) && !this.#hidden(symbol))
      .map((symbol) => {
        const optional = (symbol.flags & SymbolFlags.Optional) !== 0;
        const of = this.typeOf(symbol);
        return { name: symbol.name, type: this.text(of, optional), optional, doc: this.doc(symbol).text, symbol, of };
      });
  }
  #hidden(symbol: Declared): boolean {
    const modifiers = this.#nodeOf(symbol.valueDeclaration)?.["modifiers"] as readonly { readonly kind: SyntaxKind }[] | undefined;
    if ((modifiers ?? []).some(({ kind }) => kind === SyntaxKind.ProtectedKeyword || kind === SyntaxKind.PrivateKeyword)) return true;
    return symbol.getJsDocTags(this.#checker).some(({ name }) => name === "internal");
  }
  /** What interfaces marked `@internal` add to a type: members that the emitted declarations do not have. */
  #internal(type: Type): Set<string> {
    const found = new Set<string>();
    for (const handle of type.getSymbol?.()?.declarations ?? []) {
      const node = this.#nodeOf(handle);
      const source = this.#program.getSourceFile(handle.path);
      const [lead] = String(source?.text.slice(Number(node?.["pos"]), Number(node?.["end"]))).split(/\binterface\b/);
      if (!lead!.includes("@internal")) continue;
      for (const member of (node?.["members"] ?? []) as readonly SyntaxField[]) if (member.name) found.add(member.name.text);
      const clauses = (node?.["heritageClauses"] ?? []) as readonly { readonly types: readonly Node[] }[];
      for (const clause of clauses)
        for (const inherited of clause.types) for (const name of this.names(this.#checker.getTypeAtLocation(inherited)!)) found.add(name);
    }
    return found;
  }
  /** What an alias stands for, as it was written. */
  aliased(symbol: Declared): string {
    const node = symbol.declarations.map((handle) => this.#nodeOf(handle)).find((n) => n?.["kind"] === SyntaxKind.TypeAliasDeclaration);
    return node?.type ? oneLine(this.#emitter.printNode(node.type as Node)) : "";
  }
  #nodeOf(handle: NodeHandle | undefined): SyntaxField | undefined {
    return handle?.resolve() as unknown as SyntaxField | undefined;
  }
}

/** As much of a syntax node as is looked at here. */
interface SyntaxField {
  readonly name?: { readonly text: string };
  readonly type?: unknown;
  readonly questionToken?: unknown;
  readonly initializer?: unknown;
  readonly [field: string]: unknown;
}

/** Splits at the commas that no bracket holds. */
function parts(list: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < list.length; i++) {
    const c = list[i]!;
    if ("([{<".includes(c)) depth++;
    else if (")]}".includes(c) || (c === ">" && list[i - 1] !== "=")) depth--;
    else if (c === "," && depth === 0) {
      found.push(list.slice(start, i).trim());
      start = i + 1;
    }
  }
  return [...found, list.slice(start).trim()].filter((part) => part !== "");
}
