// Draws from a generator's stream in PyTorch's order, beyond uniform numbers.
import type { Float32s, Float64s, Int32s } from "./dtype.ts";
import { ArgumentError } from "./errors.ts";
import { type Generator, isWhole, TWO_PI } from "./random.ts";

const { fround } = Math;

/** Normal numbers by the two ways of ATen: one by one below 16 elements, in blocks of 16 from there on (torch.randn, Tensor.normal_). */
export function fillNormal<T extends Float32Array | Float64Array>(generator: Generator, out: T, mean = 0, std = 1): T {
  if (out.length < 16) {
    for (let i = 0; i < out.length; i++) out[i] = generator.normal() * std + mean;
    return out;
  }
  generator.fillUniform(out);
  for (let i = 0; i + 16 <= out.length; i += 16) boxMuller16(out, i, mean, std);
  if (out.length % 16 !== 0) {
    // The tail is drawn anew, over numbers already made.
    const from = out.length - 16;
    generator.fillUniform(out.subarray(from));
    boxMuller16(out, from, mean, std);
  }
  return out;
}

/** Whole numbers in [low, high), by the remainder as ATen takes it (torch.randint). */
export function fillIntegers<T extends Int32Array | Float32Array | Float64Array | Uint8Array>(
  generator: Generator,
  out: T,
  low: number,
  high: number,
): T {
  const range = high - low;
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || !(range > 0))
    throw new ArgumentError(`needs whole numbers low < high, got low ${low} and high ${high}`);
  for (let i = 0; i < out.length; i++) {
    const draw = generator.random();
    out[i] = low + (range < 2 ** 32 ? draw % range : Number(((BigInt(draw) << 32n) | BigInt(generator.random())) % BigInt(range)));
  }
  return out;
}

/** A permutation of 0 … n − 1 (torch.randperm). */
export function permutation(generator: Generator, n: number): Int32s {
  if (!isWhole(n, 0, 0x7fffffff)) throw new ArgumentError(`n must be between 0 and 2147483647, got ${n}`);
  const order = new Int32Array(n).map((_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const j = i + (generator.random() % (n - i));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** 1 with probability p, else 0, for one p: 53 bits a draw (Tensor.bernoulli_(p), the masks of dropout). */
export function fillBernoulli<T extends Float32Array | Float64Array | Int32Array | Uint8Array>(generator: Generator, out: T, p: number): T {
  for (let i = 0; i < out.length; i++) out[i] = Number(generator.unit() < p);
  return out;
}

/** Exponential numbers of rate lambda (Tensor.exponential_). */
export function fillExponential<T extends Float32Array | Float64Array>(generator: Generator, out: T, lambda = 1): T {
  for (let i = 0; i < out.length; i++) out[i] = (-1 / lambda) * Math.log(1 - generator.unit());
  return out;
}

type Floats = Float32s | Float64s;

/** The places of the `count` largest quotients of weights by exponential numbers in each row of n (torch.multinomial without replacement). */
export function raced(weights: Floats, noise: Floats, n: number, count: number): Int32s {
  const speeds = weights.map((w, i) => w / noise[i]!);
  const places = new Int32Array((weights.length / n) * count);
  for (let row = 0; row * n < weights.length; row++) {
    const own = speeds.subarray(row * n, (row + 1) * n);
    const order = Array.from(own.keys()).sort((a, b) => own[b]! - own[a]! || a - b);
    places.set(order.slice(0, count), row * count);
  }
  return places;
}

/** Where uniform numbers, `count` for each row of n weights, fall in the running sums of the row (torch.multinomial with replacement). */
export function spun(weights: Floats, noise: Floats, n: number, count: number): Int32s {
  const sums = weights.slice(0, n);
  return new Int32Array(noise.length).map((_, i) => {
    const row = Math.floor(i / count);
    if (i % count === 0) {
      // In the precision of the array, as ATen adds and divides.
      for (let j = 0; j < n; j++) sums[j] = weights[row * n + j]! + (j > 0 ? sums[j - 1]! : 0);
      const total = sums[n - 1]!;
      for (let j = 0; j < n; j++) sums[j]! /= total;
      sums[n - 1] = 1;
    }
    let [low, high] = [0, n];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < noise[i]!) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

// Box–Muller over 16 uniforms: radii from the first eight, angles from the second; in float32 steps where the array is.
function boxMuller16(out: Float32Array | Float64Array, at: number, mean: number, std: number): void {
  const step = out instanceof Float32Array ? fround : (x: number): number => x;
  const turn = step(TWO_PI);
  for (let j = at; j < at + 8; j++) {
    const radius = step(Math.sqrt(step(-2 * step(Math.log(step(1 - out[j]!))))));
    const angle = step(turn * out[j + 8]!);
    out[j] = step(radius * step(Math.cos(angle))) * std + mean;
    out[j + 8] = step(radius * step(Math.sin(angle))) * std + mean;
  }
}
