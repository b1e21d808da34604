// What learners take in, a batch at a time.
import { tensor, type Tensor, zeros } from "../../src/index.ts";
import type { Digits, DigitSet } from "../mnist/digits.ts";
import { imagesOf, labelsOf, PLAIN } from "../mnist/images.ts";

/** Samples by number. */
export interface Samples {
  readonly count: number;
  /** Images with values from 0 to 1, and their labels. */
  batch(picked: Int32Array): readonly [images: Tensor, labels: Tensor];
}
export interface SampleSets {
  readonly train: Samples;
  readonly heldOut: Samples;
}

const digitSamples = (set: DigitSet): Samples => ({
  count: set.count,
  batch: (picked) => [imagesOf(set, picked, PLAIN), tensor(labelsOf(set, picked))],
});
export const digitSets = ({ train, heldOut }: Digits): SampleSets => ({ train: digitSamples(train), heldOut: digitSamples(heldOut) });

const nothing: Samples["batch"] = () => [zeros([1]), zeros([1])];
/** For tasks that draw their samples themselves: so many to a pass, and nothing to hold out. */
export const noSamples = (count: number): SampleSets => ({ train: { count, batch: nothing }, heldOut: { count: 1, batch: nothing } });
