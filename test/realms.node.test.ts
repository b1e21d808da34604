// Arrays, options and promises of another realm, as an iframe's are.
import { runInNewContext } from "node:vm";
import { beforeAll, expect, it } from "vitest";
import { noGrad } from "../src/autograd/mode.ts";
import { type CreateOptions, tensor, zeros } from "../src/tensor/create.ts";
import { init } from "../src/tensor/device.ts";

const there = <T>(code: string): T => runInNewContext(code) as T;
beforeAll(async () => void (await init({ device: "cpu" })));

it.each<[string, string, readonly unknown[]]>([
  ["Float32Array", "float32", [1, 2]],
  ["Float64Array", "float64", [1, 2]],
  ["Int32Array", "int32", [1, 2]],
  ["Uint8ClampedArray", "uint8", [1, 2]],
  ["Array", "float32", [1, 2]],
])("tensor() takes an %s of another realm", async (kind, dtype, values) => {
  const x = tensor(there<number[]>(`${kind}.of(1, 2)`));
  expect([x.dtype, await x.tolist()]).toEqual([dtype, values]);
});

it("tensor() takes a BigInt64Array of another realm", async () => {
  expect(await tensor(there<BigInt64Array>("BigInt64Array.of(1n, 2n)")).tolist()).toEqual([1, 2]);
});

it("options of another realm are options", () => {
  expect(zeros([2], there<CreateOptions>("({ dtype: 'int32' })")).dtype).toBe("int32");
});

it("noGrad refuses a promise of another realm", () => {
  expect(() => noGrad(() => there("Promise.reject(new Error('late'))"))).toThrow("noGrad: the function returned a promise");
});
