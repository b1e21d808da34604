import { type DigitSet, PIXELS } from "../../demo/mnist/digits.ts";

/** Grey bars in place of digits, one place for every class. */
export function bars(count: number): DigitSet {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const pixels = Uint8Array.from({ length: count * PIXELS }, (_, i) =>
    Math.floor((i % 28) / 3) === Math.floor(i / PIXELS) % 10 ? i % 256 : 0,
  );
  return { count, labels, pixels };
}
