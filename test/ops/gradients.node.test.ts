// Every backward rule against finite differences, from the samples of its record. What it asks is the CPU's arithmetic, and takes
// minutes: once, in Node. test/golden compares the same rules with PyTorch's derivatives on every device and in Chromium too.
import "../../src/ops/all.ts";
import { describe, expect, it } from "vitest";
import { isFloat } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { gradcheck, gradgradcheck } from "../../src/inspect/gradcheck.ts";
import { callOp, casesOf, materialise } from "../../src/inspect/samples.ts";
import { records } from "../../src/ops/install.ts";
import { differentiable } from "../../src/ops/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { layouts, refused } from "./layouts.ts";

const table = Object.entries(records);
// Far below the defaults: in float64 a difference quotient is good to seven digits, and a factor off by 0.1 % must show.
const tight = { atol: 2e-5, rtol: 1e-5 };
const names = ["contiguous", "strided", "expanded"] as const;

describe.each(table)("%s", (name, op) => {
  it("matches finite differences to second order on the CPU in float64, in every layout", async () => {
    for (const [i, { sample, sharp }] of casesOf(op).entries())
      // What names places in storage means others in the dense tensors that differences are taken with.
      for (const layout of "absolute" in op ? (["contiguous"] as const) : names) {
        const { args, leaves } = materialise(sample, "cpu", "float64", layouts[layout]);
        const refusal = refused[layout][name]?.[i];
        if (refusal !== undefined) {
          expect(() => callOp(name, args)).toThrow(refusal);
          continue;
        }
        const outputs = callOp(name, args);
        const carrying = outputs.filter((o) => leaves.length > 0 && differentiable(op) && isFloat(o.dtype));
        expect(
          outputs.filter((o) => o.requiresGrad),
          `results that require a gradient, sample ${i}`,
        ).toEqual(carrying);
        // At a kink differences see both sides; test/golden has what PyTorch says there.
        if (carrying.length === 0 || sharp) continue;
        const replay = (...inputs: Tensor[]): Tensor[] => {
          const swap = (v: unknown): unknown => {
            const at = (leaves as readonly unknown[]).indexOf(v);
            if (at >= 0) return inputs[at];
            if (Array.isArray(v)) return v.map(swap);
            return typeof v === "object" && v !== null && Object.getPrototypeOf(v) === Object.prototype
              ? Object.fromEntries(Object.entries(v).map(([key, item]) => [key, swap(item)]))
              : v;
          };
          return callOp(name, args.map(swap));
        };
        const where = `sample ${i}, ${layout}`;
        // One by one, large samples would take three quarters of the time.
        const elements = [...leaves, ...carrying].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
        const options = { ...tight, fastMode: elements > 200 };
        await expect(gradcheck(replay, leaves, options), `gradcheck, ${where}`).resolves.toBe(true);
        if (layout !== "expanded") await expect(gradgradcheck(replay, leaves, options), `gradgradcheck, ${where}`).resolves.toBe(true);
      }
  });
});
