// The fixtures can be read here, and every case is complete and consistent.
import { describe, expect, it } from "vitest";
import {
  describeCall,
  FAMILIES,
  loadFixture,
  loadGolden,
  loadGoldenErrors,
  materialise,
  type GoldenCase,
  type GoldenLists,
} from "./loader.ts";

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const lengths = (lists: GoldenLists | undefined): (number | null)[] | undefined => lists?.map((list) => list?.length ?? null);

function fits(lists: GoldenLists, shapes: readonly (readonly number[])[]): boolean {
  return lists.length === shapes.length && lists.every((list, k) => list === null || list.length === size(shapes[k]!));
}

function problems(golden: GoldenCase): string[] {
  const found: string[] = [];
  const inputs = golden.tensors.map((t) => t.shape);
  const results = golden.results.map((t) => t.shape);
  for (const tensor of [...golden.tensors, ...golden.results]) {
    if (tensor.data.length !== size(tensor.shape)) found.push("data does not fill its shape");
    if (tensor.dtype === "bool" && tensor.data.some((x) => x !== 0 && x !== 1)) found.push("bool beyond 0 and 1");
    if (tensor.dtype === "int32" && tensor.data.some((x) => x !== (x | 0))) found.push("no int32");
  }
  if (golden.tensors.some((t) => t.dtype === "float32" && t.data.some((x) => !Object.is(x, Math.fround(x)))))
    found.push("input is no float32");
  if (golden.grad && !(golden.cot && fits(golden.cot, results) && fits(golden.grad, inputs))) found.push("gradient does not fit");
  if (golden.gg && !(golden.vv && fits(golden.vv, inputs) && fits(golden.gg.inputs, inputs) && fits(golden.gg.cot, results))) {
    found.push(`second gradient does not fit: ${JSON.stringify([lengths(golden.vv), lengths(golden.gg.inputs), lengths(golden.gg.cot)])}`);
  }
  if (golden.grad && !golden.tensors.some((t) => t.grad)) found.push("gradient of nothing");
  const order = 1 + Number(golden.grad !== undefined) + Number(golden.gg !== undefined);
  if (golden.e32.length !== order) found.push("e32 does not fit");
  return found;
}

describe("golden fixtures", () => {
  it.each(FAMILIES)("%s: every case is complete", async (family) => {
    const cases = await loadGolden(family);
    expect(cases.length).toBeGreaterThan(40);
    expect(cases.flatMap((golden) => problems(golden).map((problem) => `${describeCall(golden)}: ${problem}`))).toEqual([]);
    const fromPyTorch = new Map<string, number>();
    for (const { op, source } of cases) if (source === "opinfo") fromPyTorch.set(op, (fromPyTorch.get(op) ?? 0) + 1);
    expect([...fromPyTorch].filter(([, count]) => count > 12)).toEqual([]);
  });

  it("errors: every call names what PyTorch said", async () => {
    const errors = await loadGoldenErrors();
    expect(errors.length).toBeGreaterThan(200);
    expect(errors.filter((call) => !/^\w+: /.test(call.throws)).map(describeCall)).toEqual([]);
  });

  it("knows a gradient by heart", async () => {
    const matmul = (await loadGolden("matmul")).find((c) => describeCall(c) === "matmul(float32[3]*, float32[3]*)")!;
    const [a, b] = matmul.tensors;
    expect(matmul.results[0]!.data[0]).toBeCloseTo(
      a!.data.reduce((sum, x, k) => sum + x * b!.data[k]!, 0),
      8,
    );
    const cotangent = matmul.cot![0]![0]!;
    matmul.grad![0]!.forEach((g, k) => expect(g).toBeCloseTo(cotangent * b!.data[k]!, 8));
    const along = (v: readonly (number | null)[], x: readonly number[]): number =>
      v.reduce<number>((sum, y, k) => sum + (y ?? 0) * x[k]!, 0);
    expect(matmul.gg!.cot[0]![0]).toBeCloseTo(along(matmul.vv![0]!, b!.data) + along(matmul.vv![1]!, a!.data), 8);
  });

  it("makes the arguments of a call, options last", async () => {
    const pool = (await loadGolden("pool")).find((c) => c.op === "maxPool2d" && c.options?.["returnIndices"] === true)!;
    const made = materialise(pool, { tensor: (k) => `tensor ${k}` });
    expect(made[0]).toBe("tensor 0");
    expect(made.at(-1)).toMatchObject({ returnIndices: true });
    const index = (await loadGolden("gather")).find((c) => describeCall(c).includes("ellipsis"))!;
    expect(materialise(index, { tensor: () => 0, ellipsis: "..." }).flat()).toContain("...");
  });

  it.each(["weights", "trajectories", "shuffles", "random", "optim", "init", "promotion"])("training/%s can be read", async (name) => {
    expect(await loadFixture(`training/${name}`)).toHaveProperty("torch");
  });
});
