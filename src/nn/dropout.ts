// Dropout of elements and of whole channels.
import "../kits/noise.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";
import { repr } from "./repr.ts";

abstract class Dropping extends Module {
  readonly p: number;
  readonly inplace: boolean;
  constructor(...rest: [p?: number, inplace?: boolean] | [options: { readonly p?: number; readonly inplace?: boolean }]) {
    super();
    const { p, inplace } = parse(new.target.name, rest, { p: 0.5, inplace: false });
    if (!(p >= 0 && p <= 1)) throw new ArgumentError(new.target.name, `p must be between 0 and 1, got ${String(p)}`);
    this.p = p;
    this.inplace = inplace;
  }
  override extraRepr(): string {
    return `p=${this.p}, inplace=${repr(this.inplace)}`;
  }
}
/** While training, zeroes each element with probability p and scales the others by 1 / (1 − p). */
export class Dropout extends Dropping {
  override forward(x: Tensor): Tensor {
    return functions.dropout(x, this.p, this.training, this.inplace);
  }
}
/** While training, zeroes whole channels of [N, C, L]. */
export class Dropout1d extends Dropping {
  override forward(x: Tensor): Tensor {
    return functions.dropout1d(x, this.p, this.training, this.inplace);
  }
}
/** While training, zeroes whole channels of [N, C, H, W]. */
export class Dropout2d extends Dropping {
  override forward(x: Tensor): Tensor {
    return functions.dropout2d(x, this.p, this.training, this.inplace);
  }
}
/** While training, zeroes whole channels of [N, C, D, H, W]. */
export class Dropout3d extends Dropping {
  override forward(x: Tensor): Tensor {
    return functions.dropout3d(x, this.p, this.training, this.inplace);
  }
}
