// Every backward rule against finite differences, from the samples of its record. What it asks is the CPU's arithmetic, and takes
// minutes: once, in Node. test/golden compares the same rules with PyTorch's derivatives on every device and in Chromium too.
import "../../src/ops/all.ts";
import { describe, expect, it } from "vitest";
import { isFloat } from "../../src/base/dtype.ts";
import { callOp, casesOf, materialise } from "../../src/inspect/samples.ts";
import { firstNames } from "../../src/ops/install.ts";
import { differentiable } from "../../src/ops/op.ts";
import { layouts, refused } from "./layouts.ts";
import { checkRule } from "./replay.ts";

const table = firstNames();
const names = ["contiguous", "strided", "expanded"] as const;

describe.each(table)("%s", (name, op) => {
  it("matches finite differences to second order on the CPU in float64, in every layout", async () => {
    for (const [i, { sample, sharp }] of casesOf(op).entries())
      // What names places in storage means others in the dense tensors that differences are taken with.
      for (const layout of "absolute" in op ? (["contiguous"] as const) : names) {
        const call = materialise(sample, "cpu", "float64", layouts[layout]);
        const { args, leaves } = call;
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
        const order = layout === "expanded" ? 1 : 2;
        await expect(checkRule(name, call, carrying, order), `sample ${i}, ${layout}`).resolves.toBeUndefined();
      }
  });
});
