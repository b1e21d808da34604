// What the valid calls are made with.
import * as w from "../../src/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Arguments made anew for every call, so that what one changes is not seen by the next; for a method also what it is called on. */
export type Args = () => readonly unknown[];
export type On = () => { readonly on: object; readonly args: readonly unknown[] };

export const vector = (...values: readonly number[]): Tensor => w.tensor(values, { device: "cpu" });
export const matrix = (): Tensor => w.tensor([[1, 2, 3], [4, 5, 6]], { device: "cpu" }); // prettier-ignore
export const leaf = (): Tensor => vector(1, 2).requiresGrad_();
export const indices = (...values: readonly number[]): Tensor => w.tensor(values, { dtype: "int32", device: "cpu" });
/** A batch with two channels and so many dimensions beside. */
export const along = (rank: number): Tensor => w.ones([1, 2, 4, 4, 4].slice(0, rank + 2), { device: "cpu" });
