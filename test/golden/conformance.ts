// PyTorch's own numbers: values, gradients and second gradients of every operator, and its refusals.
import { describe, expect, it } from "vitest";
import { WengertError } from "../../src/base/errors.ts";
import * as create from "../../src/tensor/create.ts";
import * as windows from "../../src/tensor/windows.ts";
import type { DeviceName } from "../../src/tensor/device.ts";
import { functions } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import * as uniques from "../../src/tensor/unique.ts";
import { describeCall, FAMILIES, type GoldenError, loadGolden, loadGoldenErrors } from "./loader.ts";
import { type Callable, prepare, runCase } from "./run-case.ts";

const extra = { ...create, ...uniques, ...windows } as unknown as Callable;
const families = await Promise.all(FAMILIES.map(async (family) => [family, await loadGolden(family)] as const));
const errors = await loadGoldenErrors();
/** Not those that are made of others, or have no integers. */
const wantTensors = ["max", "min", "isclose", "hypot", "igamma", "igammac", "nextafter", "matrixNorm"];
/** PyTorch refuses these only because a plain number stands where it wants a tensor; to elementwise operators a number is an operand. */
const takesNumbers = (call: GoldenError): boolean => call.numbers && !wantTensors.includes(call.op);

/** The tests of one device: of the CPU in float64, of WebGPU in float32. */
export function conformance(device: DeviceName): void {
  describe.each(families)("%s", (_family, cases) => {
    it.each(cases.map((c, i) => [`${i} ${describeCall(c)}`, c] as const))("%s", async (_name, c) => {
      expect(await runCase(c, device, extra)).toEqual([]);
    });
  });

  it.each(errors.filter((e) => !takesNumbers(e)).map((e, i) => [`${i} ${describeCall(e)}`, e] as const))("refuses %s", async (_name, e) => {
    const fn = (functions as unknown as Callable)[e.op] ?? extra[e.op];
    expect(fn, `operator ${e.op}`).toBeTypeOf("function");
    let thrown: unknown;
    try {
      const { args } = prepare(e, device);
      await fn!(...args);
    } catch (error) {
      thrown = error;
    }
    expect(thrown, `PyTorch says: ${e.throws}`).toBeInstanceOf(WengertError);
  });

  it.each(errors.filter(takesNumbers).map((e, i) => [`${i} ${describeCall(e)}`, e] as const))(
    "takes the numbers of %s",
    async (_name, e) => {
      const fn = (functions as unknown as Callable)[e.op]!;
      const { args } = prepare(e, device);
      const wrapped = args.map((a) => (typeof a === "number" ? create.tensor(a, { dtype: "int32", device }) : a));
      const [given, asTensors] = [await fn(...args), await fn(...wrapped)] as [Tensor, Tensor];
      // Constants are folded on the host, whose last places are not the kernel's.
      const [host, kernel] = [Array.from(await given.array(), Number), Array.from(await asTensors.array(), Number)];
      const same = (v: number, w: number): boolean => Object.is(v, w) || Math.abs(v - w) <= 1e-6 * Math.abs(w);
      expect(host.filter((v, i) => !same(v, kernel[i]!))).toEqual([]);
      expect([given.dtype, given.shape]).toEqual([asTensors.dtype, asTensors.shape]);
    },
  );
}
