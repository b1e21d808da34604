// Elements counted, or their weights added up, in bins.
import type { Tensor } from "./tensor.ts";

/** How many places (a vector of int32) name each of n bins, or the sums of their weights. */
export const tallied = (places: Tensor, n: number, weights = places.filledLike(1)): Tensor =>
  weights.filledLike(0, [n]).scatterAdd(0, places, weights);
