// Normalisation by neighbouring channels.
import "../ops/window/index.ts";
import { fields, float } from "../base/python.ts";
import { entry, exactly } from "../base/reading.ts";
import { parse } from "../base/options.ts";
import { integer } from "../ops/arguments.ts";
import type { ResponseOptions } from "../ops/window/powers.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * x / (k + alpha · mean of squares over `size` neighbouring channels)^beta.
 * @example await new nn.LocalResponseNorm(2, { alpha: 1 }).call(tensor([[[1], [2], [3]]])).tolist(); // → [[[0.73779], [0.78159], [0.66195]]]
 */
export class LocalResponseNorm extends Module {
  static override readonly name: string = "LocalResponseNorm";
  declare readonly size: number;
  declare readonly alpha: number;
  declare readonly beta: number;
  declare readonly k: number;

  constructor(size: number, ...rest: [alpha?: number, beta?: number, k?: number] | [options: ResponseOptions]) {
    super();
    entry("LocalResponseNorm", rest, Infinity, () =>
      Object.assign(this, { size: integer(size, "size", 1) }, parse(rest, { alpha: 1e-4, beta: 0.75, k: 1 })),
    );
  }
  override forward(x: Tensor): Tensor {
    const { size, alpha, beta, k } = this;
    return functions.localResponseNorm(x, size, alpha, beta, k);
  }
  override extraRepr(): string {
    return `${this.size}, ${fields(this, ["alpha", "beta", "k"], float)}`;
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}
