// A sample call as a function of the tensors that require gradients, for finite differences.
import { callOp, type SampleCall } from "../../src/inspect/samples.ts";
import type { Tensor } from "../../src/ops/tensor.ts";

/** Calls the operator with other tensors in the place of the leaves. */
export const replaying =
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

/** Far below the defaults: in float64 a difference quotient is good to seven digits, and a factor off by 0.1 % must show. */
export const tight = { atol: 2e-5, rtol: 1e-5 };
