// Examples of operators, made from the samples of their records, and what running them gives.
import { type DType, isFloat } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import * as wengert from "../../src/index.ts";
import { materialise, tensorsIn } from "../../src/inspect/samples.ts";
import { type AnyOp, type Arg, isView, type Sample } from "../../src/ops/op.ts";
import { shown } from "./values.ts";

/** More elements are not written out. */
const most = 12;
const golden = 0.6180339887498949;

const isArg = (value: unknown): value is Arg => typeof value === "object" && value !== null && "$" in value;
const argsOf = (value: unknown): Arg[] =>
  isArg(value) ? [value] : typeof value === "object" && value !== null ? Object.values(value).flatMap(argsOf) : [];

/** The digits of π and e: out of order, with ties, and known to everybody. */
const digits = [
  [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8],
  [2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5],
];
/** What an example is for decides which numbers show it. */
type Purpose = "view" | "elementwise" | "other";

/** Whether given contents can be looked at: floats of many digits only have to be distinct. */
const isPlain = ({ data, dtype }: Arg): boolean =>
  data !== undefined && !((dtype === undefined || isFloat(dtype)) && data.some((v) => String(v).length > 5));

/** Numbers to be looked at: small whole ones, or what the sample's bounds allow. */
function numbersFor(arg: Arg, purpose: Purpose, seed: number): number[] {
  const size = sizeOf(arg.$);
  const float = arg.dtype === undefined || isFloat(arg.dtype);
  if (arg.data && isPlain(arg)) return [...arg.data];
  const bounded = arg.low !== undefined || arg.high !== undefined;
  if (arg.dtype === "bool") return Array.from({ length: size }, (_, i) => (i + seed + 1) % 2);
  if (!bounded && float && purpose === "elementwise") return Array.from({ length: size }, (_, i) => (i + seed - Math.floor(size / 2)) / 2);
  if (!bounded && float && purpose === "view") return Array.from({ length: size }, (_, i) => i + 1);
  if (!bounded && float) return digits[seed % 2]!.slice(0, size);
  const [low, high] = [arg.low ?? (float ? -2 : 0), arg.high ?? (float ? 2 : 4)];
  return Array.from({ length: size }, (_, i) => {
    const v = low + (high - low) * (((i + 1) * golden + seed * 0.3217) % 1);
    return float ? Math.min(high, Math.max(low, Math.round(v * 10) / 10)) : Math.floor(v);
  });
}

function nested(values: readonly unknown[], shape: readonly number[]): unknown {
  if (shape.length === 0) return values[0];
  const step = sizeOf(shape.slice(1));
  return Array.from({ length: shape[0]! }, (_, i) => nested(values.slice(i * step, (i + 1) * step), shape.slice(1)));
}

/** The expression that makes a sample's tensor. */
function literal(arg: Arg, purpose: Purpose, seed: number): string {
  const size = sizeOf(arg.$);
  const dtype: DType = arg.dtype ?? "float32";
  if (size === 0) return `zeros(${JSON.stringify([...arg.$])}${dtype === "float32" ? "" : `, { dtype: "${dtype}" }`})`;
  if (size > most && !isPlain(arg)) {
    const [low, high] = [arg.low ?? 0, arg.high ?? 4];
    const sizes = arg.$.join(", ");
    if (!isFloat(dtype)) return `randint(${low}, ${high}, [${sizes}]${dtype === "int32" ? "" : `, { dtype: "${dtype}" }`})`;
    return arg.low !== undefined && arg.low >= 0 ? `rand(${sizes}).mul(${high - low}).add(${low})` : `randn(${sizes})`;
  }
  const values = numbersFor(arg, purpose, seed);
  const data = nested(dtype === "bool" ? values.map(Boolean) : values, arg.$);
  const typed = dtype === "float32" || dtype === "bool" ? "" : `, { dtype: "${dtype}" }`;
  return `tensor(${written(data)}${typed})`;
}

/** A value as source text. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, v]) => `${key}: ${written(v)}`)
    .join(", ")} }`;
}

/** How well a sample, and what it gives, shows what its operator does. */
function worth(sample: Sample, results: readonly wengert.Tensor[]): number {
  const args = argsOf(sample);
  const cost = args.map(({ $, dtype }) => {
    const size = sizeOf($);
    return (size === 0 ? 40 : size > most ? 20 : size < 2 ? 4 : 0) + Math.max(0, $.length - 2) * 2 + (dtype === undefined ? 0 : 1);
  });
  const plain = sample.filter((v) => !isArg(v)).length;
  const given = results.map((r) => (r.numel() === 0 ? 40 : r.numel() > most ? 10 : r.numel() < 2 ? 1 : 0));
  return -[...cost, ...given].reduce((a, b) => a + b, 0) + Math.min(plain, 2);
}

/** The name of an operator as callers write it. */
export type Spelling = (args: readonly string[]) => string;

/** Statements that call an operator as the best of its samples does; without what they give. */
export function exampleOf(
  op: AnyOp,
  call: (...args: readonly unknown[]) => unknown,
  names: readonly string[],
  spelling: Spelling,
): string[] {
  const judged = op.samples.map((sample) => {
    const results = tensorsIn(call(...materialise(sample, "cpu", "float32").args));
    return { sample, value: worth(sample, results) };
  });
  const [best] = judged.sort((a, b) => b.value - a.value);
  if (!best) return [];
  const purpose = isView(op) || "renames" in op ? "view" : "fold" in op && op.fold !== undefined ? "elementwise" : "other";
  const lines: string[] = [];
  let count = 0;
  const write = (value: unknown, name: string): string => {
    if (isArg(value)) {
      lines.push(`const ${name} = ${literal(value, purpose, count++)};`);
      return name;
    }
    if (Array.isArray(value) && value.some(isArg)) return `[${value.map((v, i) => write(v, `${name}${i}`)).join(", ")}]`;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return written(value);
    return `{ ${Object.entries(value)
      .map(([key, v]) => (isArg(v) && write(v, key) === key ? key : `${key}: ${written(v)}`))
      .join(", ")} }`;
  };
  // A row of numbers shows a map of each better than one, or a matrix.
  const [only, ...others] = argsOf(best.sample);
  const row = purpose === "elementwise" && others.length === 0 && best.sample[0] === only && !only!.data;
  const sample = row ? [{ ...only!, $: [4] }, ...best.sample.slice(1)] : best.sample;
  const args = sample.map((value, i) => write(value, names[i] ?? `x${i}`));
  return [...lines, `${spelling(args)};`];
}

const AsyncFunction = (async () => {}).constructor as new (
  ...args: readonly string[]
) => (...values: readonly unknown[]) => Promise<unknown>;

/** Root exports that a piece of code uses. */
export function importsOf(code: string): string[] {
  const bare = code.replace(/"[^"]*"|\/\/.*$/gm, "");
  const own = new Set([...bare.matchAll(/\b(?:const|let|class|function) (?:\{ )?(\w+)/g)].map(([, name]) => name!));
  return Object.keys(wengert)
    .filter((name) => !own.has(name) && new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(bare))
    .sort();
}

/** Statements, the last of which is an expression, followed by what it gives: values where they are few, shapes otherwise. */
export async function finished(lines: readonly string[]): Promise<string[]> {
  const last = lines.at(-1)!.replace(/;$/, "");
  const setup = lines.slice(0, -1);
  const random = lines.some((line) => /\b(randn?|randint|randperm|bernoulli|normal|multinomial|dropout)/i.test(line));
  if (random) setup.unshift("manualSeed(0);");
  const run = (expression: string): Promise<unknown> =>
    new AsyncFunction(
      ...Object.keys(wengert).map((name) => (name === "var" ? "var_" : name)),
      `{\n${setup.join("\n")}\nreturn ${expression};\n}`,
    )(...Object.values(wengert));
  const result = await run(last.replace(/^var\(/, "var_("));
  const { Tensor } = wengert;
  const few = (t: wengert.Tensor): boolean => t.numel() <= most && t.numel() > 0;
  const shows = async (t: wengert.Tensor): Promise<string> => shown(few(t) ? await t.tolist() : t.shape);
  const reads = (name: string, t: wengert.Tensor): string => (few(t) ? `await ${name}.tolist()` : `${name}.shape`);
  if (result instanceof Tensor) return [...setup, `${reads(last, result)}; // → ${await shows(result)}`];
  if (Array.isArray(result) && result.every((t) => t instanceof Tensor)) {
    const list = result as readonly wengert.Tensor[];
    const [read, value] = list.every(few)
      ? ["await Promise.all(parts.map((part) => part.tolist()))", await Promise.all(list.map((t) => t.tolist()))]
      : ["parts.map((part) => part.shape)", list.map((t) => t.shape)];
    return [...setup, `const parts = ${last};`, `${read}; // → ${shown(value)}`];
  }
  if (typeof result === "object" && result !== null) {
    const fields = Object.entries(result as Record<string, wengert.Tensor>);
    const checks = await Promise.all(fields.map(async ([name, t]) => `${reads(name, t)}; // → ${await shows(t)}`));
    return [...setup, `const { ${fields.map(([name]) => name).join(", ")} } = ${last};`, ...checks];
  }
  return [...setup, `${last}; // → ${shown(result)}`];
}

/** A block of code with the import that it needs. */
export function block(code: readonly string[]): string {
  const names = importsOf(code.join("\n"));
  const imported = names.length > 0 ? `import { ${names.join(", ")} } from "wengert";\n\n` : "";
  return `\`\`\`ts\n${imported}${code.join("\n")}\n\`\`\``;
}
