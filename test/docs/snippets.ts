// What the fenced `ts` blocks of a document promise, and how they are run.
//
//   expression; // → value        the value, as build/docs/values.ts shows it
//   statement; // throws Error: … the error's class and the first line of its message
//
import { parseSync, transformWithOxc } from "vite";
import { shown } from "../../build/docs/values.ts";
import type { SyntaxNode } from "../setup/source.ts";

interface Statement {
  readonly start: number;
  readonly end: number;
  readonly expression: { readonly start: number; readonly end: number; readonly text: string };
}

/** Expression statements at any depth. */
function statements(code: string): Statement[] {
  const { program, errors } = parseSync("snippet.ts", code);
  if (errors.length > 0) throw new Error(errors[0]!.message);
  const found: Statement[] = [];
  const see = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(see);
    if (typeof node !== "object" || node === null) return;
    const { type, start, end } = node as SyntaxNode;
    if (type === "ExpressionStatement") {
      const inner = (node as { readonly expression: SyntaxNode }).expression;
      found.push({ start, end, expression: { start: inner.start, end: inner.end, text: code.slice(inner.start, inner.end) } });
    }
    Object.values(node).forEach(see);
  };
  see(program);
  return found;
}

/** Code whose promises are calls of `$is` and `$throws`, and how many there are. */
function promising(code: string): { readonly code: string; readonly promises: number } {
  let out = code;
  let promises = 0;
  // From the back, so that places before stay where they are.
  for (const { start, end, expression } of statements(code).reverse()) {
    const [all, kind, text] = /^[ \t]*\/\/ (→|throws) (.*)/.exec(code.slice(end).split("\n")[0]!) ?? [];
    if (all === undefined) continue;
    promises++;
    const logged = /^console\.log\(([\s\S]*)\)$/.exec(expression.text);
    const value = logged ? `[${logged[1]}].map($shown).join(" ")` : `$shown(${expression.text})`;
    const at = `${JSON.stringify(text)}, ${code.slice(0, end).split("\n").length}`;
    const call = kind === "→" ? `$is(${value}, ${at})` : `await $throws(async () => (${expression.text}), ${at})`;
    out = `${out.slice(0, start)}${call};${out.slice(end)}`;
  }
  return { code: out, promises };
}

/** `import { a, b as c } from "wengert"` as a declaration, so that all of it can be the body of a function. */
const declared = (code: string): string =>
  code
    .replace(/^import type .*$/gm, "")
    .replace(/^import \* as (\w+) from ("[^"]+");.*$/gm, "const $1 = await $import($2);")
    .replace(/^import "([^"]+)";.*$/gm, 'await $import("$1");')
    .replace(/^import \{([^}]*)\} from ("[^"]+");.*$/gm, (_, names: string, from: string) => {
      const values = names.split(",").filter((name) => !/^\s*type /.test(name) && name.trim() !== "");
      return `const { ${values.map((name) => name.replace(" as ", ": ")).join(",")} } = await $import(${from});`;
    });

export interface Outcome {
  /** `line: what was promised and what came`. */
  readonly broken: readonly string[];
  readonly promises: number;
}

type Importer = (specifier: string) => Promise<unknown>;
const AsyncFunction = (async () => undefined).constructor as new (...args: string[]) => (...values: unknown[]) => Promise<void>;

/** Runs code with `wengert` and its rooms resolved by `from`, and holds it to its promises; lines are counted on from `first`. */
export async function run(code: string, from: Importer, first = 0): Promise<Outcome> {
  const rewritten = promising(code);
  const { code: plain } = await transformWithOxc(`async function $run() {\n${declared(rewritten.code)}\n}`, "snippet.ts", {
    lang: "ts",
    typescript: { onlyRemoveTypeImports: true },
  });
  const broken: string[] = [];
  const is = (got: string, promised: string, line: number): void => {
    if (got !== promised) broken.push(`${first + line}: promises ${promised}, gives ${got}`);
  };
  const throws = async (fn: () => Promise<unknown>, promised: string, line: number): Promise<void> =>
    is(
      await fn().then(
        () => "nothing",
        (error: unknown) => String(error).split("\n")[0]!,
      ),
      promised,
      line,
    );
  const body = new AsyncFunction("$is", "$throws", "$shown", "$import", `${plain}\nawait $run();`);
  await body(is, throws, shown, from);
  return { broken, promises: rewritten.promises };
}
