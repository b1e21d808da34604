// No call ignores an argument: one too many, or an option that does not exist, is an ArgumentError that names it, and nothing has happened.
import { beforeAll, describe, expect, it } from "vitest";
import * as w from "../src/index.ts";
import { materialise } from "../src/inspect/samples.ts";
import { records } from "../src/ops/install.ts";
import { functions } from "../src/tensor/methods.ts";
import { argumentsOf, checkpointFile, functionCalls, methodCalls, userKernel } from "./calling/calls.ts";
import { layerOf, layers } from "./calling/layers.ts";
import { vector } from "./calling/values.ts";
import { type Prepared, refusals, type Rules } from "./calling/refusal.ts";
import { type Callable, type Constructor, isClass, methodsOf, publicExports } from "./calling/surface.ts";

/** What takes arguments that are not ours to count, by name or by class and method. */
const exempt: Readonly<Record<string, string>> = {
  Tensor: "made by the library only",
  "autograd.Context": "made by the library only",
  "autograd.Function": "abstract",
  "nn.Module": "abstract",
  "optim.Optimizer": "abstract",
  "optim.LRScheduler": "abstract",
  "nn.Identity": "PyTorch's takes and ignores any arguments, to stand in for other layers",
  "autograd.checkpoint": "arguments are those of the function given",
  "inspect.summary": "arguments are those of the model given",
  "Function.apply": "arguments are those of the subclass's forward",
  "Context.saveForBackward": "any number of tensors",
  "Context.markNonDifferentiable": "any number of tensors",
  "Context.markDirty": "any number of tensors",
  "Module.call": "arguments are those of forward, which every layer below is called with",
  "Module.forward": "abstract",
};
/** As many arguments as one likes. */
const variadic = new Set(["expand", "broadcastTo", "permute", "view", "reshape", "repeat", "tile", "flip", "at", "zeros", "ones", "empty", "rand", "randn", "nn.Sequential", "data.TensorDataset", "einsum", "chainMatmul", "blockDiag", "broadcastTensors", "cartesianProd", "meshgrid", "sumToSize"]); // prettier-ignore
/** Whose last argument is a plain object of data: of operators that others are made of, and of states as PyTorch saves them. */
const structured = new Set(["philoxDropout", "convolution", "convInput", "convWeight", "resample", "Generator.setState", "Optimizer.loadStateDict", "LRScheduler.loadStateDict"]); // prettier-ignore
/** Parts of the library's own that classes, and those made from them, show to JavaScript: protected, or what others of its files call. */
const inner: Readonly<Record<string, readonly string[]>> = {
  Tensor: ["alias", "viewed", "seenFrom", "preserved", "setHistory", "rebase", "moveTo", "receiveGrad", "checkInPlace", "checkLive", "filledLike", "uploadedLike", "moved", "constantOn", "peekGrad", "toJSON"], // prettier-ignore
  Module: ["stateEntries", "held", "holds", "members", "list", "put", "replace", "position", "renumber", "member", "keysOf", "take", "found", "pairsOf", "originals", "through", "inverse", "make", "count", "borders", "extra"], // prettier-ignore
  UninitializedParameter: ["another"],
  UninitializedBuffer: ["another"],
  Optimizer: ["plannedState", "check", "update", "stateNames"],
  LRScheduler: ["plannedState", "begin", "check", "rate"],
  Context: ["call", "apply", "release"],
};
const isInner = (value: Constructor, key: string): boolean => {
  for (let base: Constructor | null = value; base; base = Object.getPrototypeOf(base) as Constructor | null)
    if (inner[base.name]?.includes(key)) return true;
  return false;
};

beforeAll(async () => {
  await w.init({ device: "cpu" });
});

const exported = publicExports();
const exportedClasses = exported.filter((e): e is { name: string; value: Constructor } => isClass(e.value));
const all = async (tasks: readonly Promise<string[]>[]): Promise<string> => (await Promise.all(tasks)).flat().join("\n");

/** The first of an operator's samples that the call takes. Gradients are not asked for, so that it may write in place. */
function sampled(name: string, run: (args: readonly unknown[]) => unknown): (() => Prepared) | undefined {
  const makers = records[name]!.samples.map((sample) => (): Prepared => {
    const { args, leaves } = materialise(sample, "cpu", "float32");
    for (const x of leaves) x.requiresGrad_(false);
    return { args, run };
  });
  return makers.find((make) => {
    try {
      run(make().args);
      return true;
    } catch {
      return false;
    }
  });
}

async function walkOperator(title: string, name: string, run: (args: readonly unknown[]) => unknown): Promise<string[]> {
  const make = sampled(name, run);
  return make
    ? refusals(title, make, { variadic: variadic.has(name), structured: structured.has(name) })
    : [`${title}: no sample is a valid call`];
}

describe("functions", () => {
  const table = functions as unknown as Readonly<Record<string, Callable>>;
  const operators = new Map(Object.entries(table).map(([name, value]) => [value, name]));
  for (const [key, value] of Object.entries(w.nn.functional) as [string, Callable][]) if (key.endsWith("_")) operators.set(value, key.slice(0, -1)); // prettier-ignore
  const others = exported.filter(({ name, value }) => !isClass(value) && !operators.has(value as Callable) && !(name in exempt));

  it("every operator refuses", async () => {
    const found = exported.flatMap(({ name, value }) => {
      const operator = operators.get(value as Callable);
      return operator ? [walkOperator(name, operator, (args) => (value as Callable)(...args))] : [];
    });
    expect(found.length).toBeGreaterThan(200);
    expect(await all(found)).toBe("");
  });

  it("every other function refuses", async () => {
    const table: typeof functionCalls = {
      ...functionCalls,
      "io.loadCheckpoint": () => [checkpointFile, { model: new w.nn.Sequential(new w.nn.Linear(3, 2), new w.nn.BatchNorm1d(2)) }],
    };
    const reports: string[] = [];
    // One after the other: generators and modes are everybody's.
    for (const { name, value } of others) {
      const args = table[name];
      const run = (given: readonly unknown[]): unknown => (value as Callable)(...given);
      if (args) reports.push(...(await refusals(name, () => ({ args: args(), run }), { variadic: variadic.has(name) })));
      else reports.push(`${name}: test/calling/calls.ts has no valid call of it`);
    }
    expect(reports.join("\n")).toBe("");
  });

  it("the table names nothing that is not there", () => {
    const names = new Set(others.map(({ name }) => name));
    expect(Object.keys(functionCalls).filter((name) => !names.has(name))).toEqual([]);
  });

  it("what defineKernel makes refuses", async () => {
    const kernel = userKernel() as unknown as Callable & { compile: Callable };
    const compile = (): Prepared => ({ args: [], run: (args) => kernel.compile(...args) });
    expect([
      ...(await refusals("kernel", () => ({ args: [vector(1, 2), {}], run: (args) => kernel(...args) }))),
      ...(await refusals("kernel.compile", compile, { unmade: true })),
    ]).toEqual([]);
  });
});

describe("classes", () => {
  const isLayer = ({ value }: { readonly value: Constructor }): boolean => value.prototype instanceof w.nn.Module;

  it("every constructor refuses", async () => {
    const reports: string[] = [];
    for (const { name, value } of exportedClasses) {
      if (name in exempt || name.endsWith("Error")) continue;
      const args = argumentsOf(name, value);
      if (!args) reports.push(`${name}: test/calling/calls.ts has no valid call of it`);
      else reports.push(...(await refusals(`new ${name}`, () => ({ args: args(), run: (given) => new value(...given) }), { variadic: variadic.has(name) }))); // prettier-ignore
    }
    expect(reports.join("\n")).toBe("");
  });

  it("every layer refuses when it is called", async () => {
    const reports: string[] = [];
    expect(Object.keys(layers).filter((name) => !exportedClasses.some((e) => e.name === name))).toEqual([]);
    for (const { name, value: layer } of exportedClasses.filter(isLayer)) {
      if (/^nn\.(Module|Parameter)(List|Dict)$/.test(name)) continue;
      const [make, input] = layerOf(name);
      for (const method of ["call", "forward"] as const) {
        const prepared = (): Prepared => {
          const on = new layer(...make()) as w.nn.Module;
          return { on, args: input(), run: (args) => on[method](...args) as unknown };
        };
        reports.push(...(await refusals(`${name}.${method}`, prepared)));
      }
    }
    expect(reports.join("\n")).toBe("");
  });

  it("every method refuses", async () => {
    const reports: string[] = [];
    const done = new Set<string>();
    const walk = async (title: string, call: (() => Prepared) | undefined, rules?: Rules): Promise<void> => {
      if (call) reports.push(...(await refusals(title, call, rules)));
      else reports.push(`${title}: test/calling/calls.ts has no valid call of it`);
    };
    for (const { name, value } of exportedClasses) {
      const statics = Object.getOwnPropertyNames(value).filter((key) => typeof Object.getOwnPropertyDescriptor(value, key)!.value === "function"); // prettier-ignore
      const members = [
        ...methodsOf(value.prototype),
        ...statics.map((key) => ({ owner: value.name || name, key })),
        ...(name === "data.Subset" ? [{ owner: "Subset", key: "getBatch" }] : []),
      ];
      for (const { owner, key } of members) {
        const title = `${owner}.${key}`;
        // Layers' own are called above; words in print are theirs too.
        const ours = title in exempt || isInner(value, key) || (key === "forward" && owner !== "Module") || owner === "Tensor";
        if (ours || name.endsWith("Error") || done.has(title)) continue;
        done.add(title);
        const made = methodCalls[title] ?? bare(name, value, key);
        await walk(title, made && ((): Prepared => prepare(made, key)), { structured: structured.has(title) });
      }
    }
    expect(reports.join("\n")).toBe("");
    const known = [...done].concat(Object.keys(methodCalls).filter((title) => title.startsWith("Tensor.")));
    expect(Object.keys(methodCalls).filter((title) => !known.includes(title))).toEqual([]);
  });

  const prepare = (made: (typeof methodCalls)[string], key: string): Prepared => {
    const { on, args } = made();
    return { on, args, run: (given) => (on as Readonly<Record<string, Callable>>)[key]!(...given) };
  };
  /** Methods of layers that take nothing. */
  const bare = (name: string, value: Constructor, key: string): (typeof methodCalls)[string] | undefined =>
    isLayer({ value }) && /^(extraRepr|reset\w+)$/.test(key) ? () => ({ on: new value(...layerOf(name)[0]()), args: [] }) : undefined;

  it("every method of a tensor refuses", async () => {
    const reports: string[] = [];
    for (const { key } of methodsOf(w.Tensor.prototype)) {
      const title = `Tensor.${key}`;
      const plain = key.replace(/_$/, "");
      const operator = Object.hasOwn(records, key) ? key : plain !== key && Object.hasOwn(records, plain) ? plain : undefined;
      if (inner["Tensor"]!.includes(key)) continue;
      const made = methodCalls[title];
      if (made) reports.push(...(await refusals(title, () => prepare(made, key))));
      else if (operator) {
        const op = records[operator]!;
        const at = op.self ?? 0;
        const run = (args: readonly unknown[]): unknown =>
          (args[at] as Readonly<Record<string, Callable>>)[key]!(...args.slice(0, at), ...args.slice(at + 1));
        // A list of tensors is a function's; the method is called on the first of them.
        const listed = (args: readonly unknown[]): unknown => {
          const [[first, ...others], ...rest] = args as [[Readonly<Record<string, Callable>>, ...unknown[]], ...unknown[]];
          return first[key]!(others, ...rest);
        };
        reports.push(...(await walkOperator(title, operator, Array.isArray(op.samples[0]![at]) ? listed : run)));
      } else reports.push(`${title}: test/calling/calls.ts has no valid call of it`);
    }
    expect(reports.join("\n")).toBe("");
  });
});
