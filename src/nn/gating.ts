// Nonlinearities with gates as layers.
import "../ops/gating/index.ts";
import { float } from "../base/python.ts";
import { checkRange } from "../ops/drawing.ts";
import { layer, type LayerClass } from "./layer.ts";

/**
 * The first half of a dimension times the sigmoid of the second.
 * @example await new nn.GLU().call(tensor([2, -1, 0, 3])).tolist(); // → [1, -0.95257]
 */
export const GLU: LayerClass<{ dim: number }> = /* @__PURE__ */ layer("GLU", { dim: -1 });
export type GLU = InstanceType<typeof GLU>;
/**
 * LeakyReLU whose slopes are drawn from [lower, upper] while training, and lie in the middle afterwards.
 * @example await new nn.RReLU(0.1, 0.3).eval().call(tensor([-2, 0, 3])).tolist(); // → [-0.4, 0, 3]
 */
export const RReLU: LayerClass<{ lower: number; upper: number }, [lower?: number, upper?: number]> = /* @__PURE__ */ layer(
  "RReLU",
  { lower: 1 / 8, upper: 1 / 3 },
  "rrelu",
  { write: float, also: ["training"], settle: ({ lower, upper }) => checkRange(lower, upper) },
);
export type RReLU = InstanceType<typeof RReLU>;
