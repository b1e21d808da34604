// Orders of long lines, of many, and of few out of many, in both kernel variants, against JavaScript's sort; unique values.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DType } from "../../src/base/dtype.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { deviceNamed, init } from "../../src/tensor/device.ts";
import { unique, uniqueConsecutive } from "../../src/tensor/unique.ts";
import { expectSame, expectValues, onEveryDevice } from "../devices.ts";

/** Numbers in a scrambled order, many of them equal, with everything that is no plain number among the floats. */
function numbers(n: number, dtype: DType): number[] {
  const scrambled = Array.from({ length: n }, (_, i) => Math.floor(((((i + 1) * 2654435761) >>> 0) / 2 ** 32) * 3000) - 1500);
  if (dtype === "bool") return scrambled.map((v) => Number(v > 0));
  if (dtype === "uint8") return scrambled.map((v) => v & 255);
  if (dtype === "int32") return scrambled.map((v) => v * 1431655);
  const odd = [NaN, -0, 0, Infinity, -Infinity, 1e-40, -1e-40, 3e38];
  return scrambled.map((v, i) => (i % 11 === 3 ? odd[(i / 11) & 7]! : v / 8));
}

/** Places in order: NaN is the largest, equal ones stay as they stand. */
function ordered(line: readonly number[], descending: boolean): number[] {
  const level = (v: number): number => (v !== v ? Infinity : v);
  const compare = (a: number, b: number): number => {
    const [v, w] = [line[a]!, line[b]!];
    if (v !== v || w !== w || level(v) === level(w)) return Number(v !== v) - Number(w !== w);
    return v < w ? -1 : 1;
  };
  return Array.from(line, (_, i) => i).sort((a, b) => (descending ? compare(b, a) : compare(a, b)) || a - b);
}

/** The places along a dimension of size n with `inner` elements behind it. */
function orderedAlong(data: readonly number[], n: number, inner: number, descending: boolean, count = n): Int32Array {
  const out = new Int32Array((data.length / n) * count);
  for (let line = 0; line < data.length / n; line++) {
    const [outer, rest] = [Math.floor(line / inner), line % inner];
    const start = outer * n * inner + rest;
    const places = ordered(
      Array.from({ length: n }, (_, i) => data[start + i * inner]!),
      descending,
    );
    for (let i = 0; i < count; i++) out[outer * count * inner + rest + i * inner] = places[i]!;
  }
  return out;
}

const traits = (): { barriersAreSlow: boolean } => (deviceNamed("webgpu") as unknown as { traits: { barriersAreSlow: boolean } }).traits;

describe.each(["cpu", "webgpu, few barriers", "webgpu, workgroups"])("on %s", (where) => {
  const device = where === "cpu" ? "cpu" : "webgpu";
  let usual: boolean;
  const setSlow = (barriersAreSlow: boolean): void =>
    void Object.defineProperty(deviceNamed("webgpu"), "traits", {
      value: { ...traits(), barriersAreSlow },
      configurable: true,
      writable: true,
    });
  beforeAll(async () => {
    await init({ device: "webgpu" });
    usual = traits().barriersAreSlow;
    if (device === "webgpu") setSlow(where.endsWith("barriers"));
    await init({ device });
  });
  afterAll(() => setSlow(usual));

  it.each<[number, DType]>([
    [5000, "float32"],
    [200000, "float32"],
    [5000, "int32"],
    [20000, "int32"],
    [9000, "uint8"],
    [9000, "bool"],
    [300, "float32"],
    [1024, "int32"],
    [2, "float32"],
    [1, "bool"],
  ])("sorts a line of %i %s, both ways", async (n, dtype) => {
    const data = numbers(n, dtype);
    const x = tensor(data, { dtype });
    for (const descending of [false, true]) {
      const [values, indices] = x.sort({ descending, stable: true });
      const want = orderedAlong(data, n, 1, descending);
      expectSame(await indices.array(), want);
      const [given, got] = [await x.array(), await values.array()];
      expectSame(
        got,
        given.map((_, i) => given[want[i]!]!),
      );
    }
  });

  it.each<[number[], number]>([
    [[70000, 3], 1],
    [[3, 7000], 0],
    [[40, 33, 5], 1],
    [[3, 2000, 4], 1],
    [[2, 5, 1500], 2],
  ])("sorts the lines of %j along dimension %i, of views too", async (shape, dim) => {
    const data = numbers(
      shape.reduce((a, b) => a * b, 1),
      "float32",
    );
    const inner = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
    const x = tensor(data, { shape });
    expectSame(await x.argsort(dim).array(), orderedAlong(data, shape[dim]!, inner, false));
    const turned = x.movedim(dim, 0);
    const want = x.movedim(dim, 0).contiguous();
    expectSame(
      await turned.argsort(0, true).array(),
      orderedAlong([...(await want.array())], shape[dim]!, want.numel() / shape[dim]!, true),
    );
  });

  it.each<[number[], number, number]>([
    [[70000], 0, 10],
    [[70000], 0, 100],
    [[70000], 0, 1000],
    [[2500], 0, 100],
    [[6, 5000], 1, 16],
    [[300, 40], 1, 3],
    [[2000, 6], 0, 5],
    [[700, 1], 0, 128],
  ])("takes the first of %j along dimension %i, %i of them", async (shape, dim, k) => {
    const data = numbers(
      shape.reduce((a, b) => a * b, 1),
      "float32",
    );
    const inner = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
    for (const largest of [true, false])
      expectSame(await tensor(data, { shape }).topk(k, dim, largest).indices.array(), orderedAlong(data, shape[dim]!, inner, largest, k));
  });

  it("finds ranks and the most frequent in long lines", async () => {
    const data = numbers(6001, "int32");
    const x = tensor(data, { dtype: "int32" });
    const sorted = data.toSorted((a, b) => a - b);
    expect(await x.kthvalue(100)[0].item()).toBe(sorted[99]);
    expect(await x.median().item()).toBe(sorted[3000]);
    const copies = x.cat([x.narrow(0, 17, 1)]);
    expect(await copies.floorDivide(100000000).mode()[0].item()).toBe(mostFrequent([...(await copies.floorDivide(100000000).array())]));
    const floats = tensor(numbers(5000, "float32")).nanToNum(0, 1, -1);
    const inOrder = [...(await floats.array())].sort((a, b) => a - b);
    await expectValues(floats.quantile([0.25, 0.5]), [inOrder[1249]! + 0.75 * (inOrder[1250]! - inOrder[1249]!), (inOrder[2499]! + inOrder[2500]!) / 2]); // prettier-ignore
  });
});

function mostFrequent(data: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const v of data) counts.set(v, (counts.get(v) ?? 0) + 1);
  return [...counts].sort(([v, m], [w, n]) => n - m || v - w)[0]![0];
}

onEveryDevice(() => {
  it("gives values once, with their places and counts by name", async () => {
    const x = tensor([[3, 1, 3], [2, 1, 3]], { dtype: "int32" }); // prettier-ignore
    const { output, inverseIndices, counts } = await x.unique({ returnInverse: true, returnCounts: true });
    expect([await output.tolist(), await inverseIndices.tolist(), await counts.tolist()]).toEqual([[1, 2, 3], [[2, 0, 2], [1, 0, 2]], [2, 1, 3]]); // prettier-ignore
    const [columns, times] = await unique(x, { dim: 1, returnCounts: true });
    expect([await columns.tolist(), await times.tolist()]).toEqual([[[1, 3, 3], [1, 2, 3]], [1, 1, 1]]); // prettier-ignore
    expect(await (await uniqueConsecutive(tensor([1, 1, 2, 1, 1]))).tolist()).toEqual([1, 2, 1]);
    expect(await (await tensor([NaN, 1, NaN]).unique()).tolist()).toEqual([1, NaN, NaN]);
    const many = tensor(numbers(5000, "int32"), { dtype: "int32" });
    expect(await (await many.unique()).tolist()).toEqual([...new Set(numbers(5000, "int32"))].sort((a, b) => a - b));
    await expect(zeros([2, 0]).unique({ dim: 0 })).rejects.toThrow("no elements to compare");
  });

  it("keeps the gradient of what is chosen, and shares it among equal medians", async () => {
    const x = tensor([2, 1, 2, 3, 2], { requiresGrad: true });
    x.median().backward();
    await expectValues(x.grad, [1 / 3, 0, 1 / 3, 0, 1 / 3]);
    x.grad = null;
    x.median(0)[0].backward();
    await expectValues(x.grad, [0, 0, 1, 0, 0]);
    expect((await x.unique()).requiresGrad).toBe(false);
  });
});
