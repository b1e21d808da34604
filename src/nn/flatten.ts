// Layers that change only the shape.
import "../kits/core.ts";
import { parse } from "../base/options.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";
import { repr } from "./repr.ts";

/** Joins the dimensions from startDim to endDim; by default all but the batch. */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;
  constructor(...rest: [startDim?: number, endDim?: number] | [options: { readonly startDim?: number; readonly endDim?: number }]) {
    super();
    const { startDim, endDim } = parse("Flatten", rest, { startDim: 1, endDim: -1 });
    this.startDim = startDim;
    this.endDim = endDim;
  }
  override forward(x: Tensor): Tensor {
    return functions.flatten(x, this.startDim, this.endDim);
  }
  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** Splits one dimension into several. */
export class Unflatten extends Module {
  readonly dim: number;
  readonly unflattenedSize: readonly number[];
  constructor(dim: number, unflattenedSize: readonly number[]) {
    super();
    this.dim = dim;
    this.unflattenedSize = [...unflattenedSize];
  }
  override forward(x: Tensor): Tensor {
    return functions.unflatten(x, this.dim, this.unflattenedSize);
  }
  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${repr(this.unflattenedSize)}`;
  }
}
