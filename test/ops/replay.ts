// A sample call as a function of the tensors that require gradients, compared with finite differences.
import { sizeOf } from "../../src/base/shape.ts";
import { gradcheck, gradgradcheck } from "../../src/inspect/gradcheck.ts";
import { callOp, type SampleCall } from "../../src/inspect/samples.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Calls the operator with other tensors in the place of the leaves. */
const replaying =
  (name: string, { args, leaves }: SampleCall) =>
  (...inputs: Tensor[]): Tensor[] => {
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

/**
 * Compares the rule of a call with finite differences, to second order unless told otherwise. The tolerances are far below the defaults: in
 * float64 a difference quotient is good to seven digits, and a factor off by 0.1 % must show.
 */
export async function checkRule(name: string, call: SampleCall, carrying: readonly Tensor[], order: 1 | 2 = 2): Promise<void> {
  // One by one, the elements of large samples would take three quarters of the time.
  const elements = [...call.leaves, ...carrying].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const options = { atol: 2e-5, rtol: 1e-5, fastMode: elements > 200 };
  const fn = replaying(name, call);
  await gradcheck(fn, call.leaves, options);
  if (order === 2) await gradgradcheck(fn, call.leaves, options);
}
