// A layer of two inputs.
import "../ops/linalg/index.ts";
import { fields, repr } from "../base/python.ts";
import { exactly } from "../base/reading.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { uniform_ } from "./init/drawn.ts";
import { configure, type Factory } from "./layer.ts";
import { Weighted } from "./linear.ts";

/**
 * y = x1ᵀ W x2 + b. Shape: [..., in1Features] and [..., in2Features] → [..., outFeatures].
 * @example
 * const layer = new nn.Bilinear(3, 4, 2);
 * layer.weight.shape; // → [2, 3, 4]
 * layer.call(randn(5, 3), randn(5, 4)).shape; // → [5, 2]
 */
export class Bilinear extends Weighted {
  static override readonly name: string = "Bilinear";
  declare readonly in1Features: number;
  declare readonly in2Features: number;
  declare readonly outFeatures: number;

  constructor(
    in1Features: number,
    in2Features: number,
    outFeatures: number,
    ...rest: [bias?: boolean] | [bias: boolean, options: Factory] | [options: Factory & { readonly bias?: boolean }]
  ) {
    super();
    const place = configure(this, { in1Features, in2Features, outFeatures }, rest, { bias: true });
    this.make([outFeatures, in1Features, in2Features], outFeatures, place);
  }
  /** Draws weight and bias anew, as PyTorch does: U(±1/√in1Features) for the weight, then for the bias. */
  override resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    for (const drawn of [this.weight, this.bias]) if (drawn) uniform_(drawn, -bound, bound);
  }
  override forward(x: Tensor, other: Tensor): Tensor {
    return functions.bilinear(x, other, this.weight, this.bias);
  }
  override extraRepr(): string {
    return `${fields(this, ["in1Features", "in2Features", "outFeatures"])}, bias=${repr(this.bias !== null)}`;
  }
  static {
    exactly(this.prototype, "resetParameters", "forward", "extraRepr");
  }
}
