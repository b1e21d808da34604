// Digits as networks take them.
import { tensor, type Tensor } from "../../src/index.ts";
import { type DigitSet, PIXELS, SIDE } from "./digits.ts";

/** Mean and standard deviation of MNIST's pixels, from 0 to 1: networks learn faster from inputs around zero. */
export const MEAN = 0.1307;
export const DEVIATION = 0.3081;

/** What a network sees of a byte: values from 0 to 1, or around zero. */
export const PLAIN = Float32Array.from({ length: 256 }, (_, v) => v / 255);
export const NORMALISED = Float32Array.from({ length: 256 }, (_, v) => (v / 255 - MEAN) / DEVIATION);

/** Some digits of a set, a value for each byte: [N, 1, 28, 28]. */
export function imagesOf({ pixels }: DigitSet, picked: Int32Array, valueOf: Float32Array): Tensor {
  const values = new Float32Array(picked.length * PIXELS);
  picked.forEach((digit, k) => {
    for (let i = 0; i < PIXELS; i++) values[k * PIXELS + i] = valueOf[pixels[digit * PIXELS + i]!]!;
  });
  return tensor(values, { shape: [picked.length, 1, SIDE, SIDE] });
}

/** Their labels. */
export const labelsOf = ({ labels }: DigitSet, picked: Int32Array): Int32Array<ArrayBuffer> => Int32Array.from(picked, (i) => labels[i]!);

/** The numbers of `count` samples in a row, in batches. */
export function* batches(count: number, size: number): Generator<Int32Array> {
  for (let at = 0; at < count; at += size) yield Int32Array.from({ length: Math.min(size, count - at) }, (_, k) => at + k);
}
