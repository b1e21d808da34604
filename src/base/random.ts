// Host random numbers: the Mersenne Twister streams of PyTorch's CPU generator, and the state of the counter-based streams that shaders draw.
import type { Float32s, Uint32s } from "./dtype.ts";
import { ArgumentError } from "./errors.ts";
import { entry, exactly, takes } from "./reading.ts";

const N = 624;
const M = 397;
export const TWO_PI = 2 * Math.PI;

const { fround, imul } = Math;
export const isWhole = (value: number, low: number, high = Infinity): boolean =>
  Number.isSafeInteger(value) && value >= low && value <= high;

/** Everything a Generator remembers; plain data, for checkpoints. */
export interface GeneratorState {
  readonly seed: number;
  /** The 624 words of the Mersenne Twister. */
  readonly words: Uint32Array;
  /** Index of the next word, 1 to 624. */
  readonly index: number;
  /** The second half of the last Box–Muller pair, or undefined. */
  readonly spareNormal: number | undefined;
  /** Philox blocks handed out so far. */
  readonly offset: number;
}

/** Where a counter-based stream starts: 64-bit seed and block offset as pairs of words, the parameters of shaders/random.wgsl. */
export interface PhiloxKey {
  readonly seedLow: number;
  readonly seedHigh: number;
  readonly offsetLow: number;
  readonly offsetHigh: number;
}

const low32 = (x: number): number => x >>> 0;
const high32 = (x: number): number => Math.floor(x / 2 ** 32) >>> 0;

/**
 * A stream of random numbers, the same as PyTorch's CPU generator of the same seed gives.
 * Source: Matsumoto and Nishimura, Mersenne Twister (1998); distributions as in ATen.
 * @example
 * const generator = new Generator(42);
 * await rand(2, { generator }).tolist(); // → [0.88227, 0.915]
 * await rand(2, { generator: new Generator(42) }).tolist(); // → [0.88227, 0.915]
 */
export class Generator {
  #state!: { -readonly [K in keyof GeneratorState]: GeneratorState[K] };

  constructor(seed = 67280421310721) {
    takes("Generator", arguments, 1);
    this.manualSeed(seed);
  }

  /** The seed last set. */
  get initialSeed(): number {
    return this.#state.seed;
  }

  /** Restarts every stream from a seed; negative seeds count from 2⁶⁴ down, as in PyTorch. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed)) throw new ArgumentError(`seed must be a safe integer, got ${seed}`, "", "manualSeed");
    const words = new Uint32Array(N);
    words[0] = seed;
    for (let i = 1; i < N; i++) {
      const before = words[i - 1]!;
      words[i] = imul(1812433253, before ^ (before >>> 30)) + i;
    }
    this.#state = { seed, words, index: N, spareNormal: undefined, offset: 0 };
    return this;
  }

  /** A copy of the state, for getState().then setState on any Generator. */
  getState(): GeneratorState {
    return { ...this.#state, words: this.#state.words.slice() };
  }

  /** Continues exactly where the state was taken. Errors: ArgumentError for what no generator's state is; nothing is changed then. */
  setState(state: GeneratorState): this {
    entry("setState", arguments, 1, () => {
      const { seed, words, index, spareNormal, offset } = Object(state) as GeneratorState;
      const list = Array.from(Object(words) as ArrayLike<number>);
      // The twister never leaves a state of zeros, and never enters it.
      const sound = list.length === N && list.every((word) => isWhole(word, 0, 0xffffffff)) && list.some((word) => word > 0);
      const counted = isWhole(index, 0, N) && isWhole(offset, 0) && isWhole(seed, -Infinity);
      if (!sound || !counted || !(spareNormal === undefined || Number.isFinite(spareNormal)))
        throw new ArgumentError(
          `not the state of a generator: ${list.length}${sound ? "" : " unsound"} words, index ${index}, offset ${offset}, seed ${seed}, spare ${spareNormal}`,
        );
      this.#state = { seed, words: Uint32Array.from(list), index, spareNormal, offset };
    });
    return this;
  }

  /** The next 32 random bits. */
  random(): number {
    const state = this.#state;
    if (state.index >= N) this.#refill();
    let y = state.words[state.index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** The next 64 random bits modulo 2⁵³, exact as a number: the first draw is the high half. */
  random53(): number {
    const high = this.random();
    return (high & 0x1fffff) * 2 ** 32 + this.random();
  }

  #refill(): void {
    const { words } = this.#state;
    for (let i = 0; i < N; i++) {
      const mixed = (words[i]! & 0x80000000) | (words[(i + 1) % N]! & 0x7fffffff);
      words[i] = words[(i + M) % N]! ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.#state.index = 0;
  }

  /** A number in [0, 1) of 53 random bits. */
  unit(): number {
    return this.random53() * 2 ** -53;
  }

  /** A standard normal number, from one of the two that Box and Muller's transform gives at a time. */
  normal(): number {
    const { spareNormal } = this.#state;
    this.#state.spareNormal = undefined;
    if (spareNormal !== undefined) return spareNormal;
    const angle = TWO_PI * this.unit();
    const radius = Math.sqrt(-2 * Math.log1p(-this.unit()));
    this.#state.spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Uniform in [low, high): 24 random bits in a Float32Array, 53 in a Float64Array (torch.rand, Tensor.uniform_). */
  fillUniform<T extends Float32Array | Float64Array>(out: T, low = 0, high = 1): T {
    takes("fillUniform", arguments, 3);
    if (out instanceof Float64Array) {
      for (let i = 0; i < out.length; i++) out[i] = fusedMultiplyAdd(this.unit(), high - low, low);
      return out;
    }
    const start = fround(low);
    const range = fround(fround(high) - start);
    // The product is exact in double precision, so that this rounds once, as the fused multiply-add of PyTorch's builds does.
    for (let i = 0; i < out.length; i++) out[i] = (this.random() & 0xffffff) * 2 ** -24 * range + start;
    return out;
  }

  /** Reserves the Philox blocks for `size` elements (four each) and returns where they start. */
  philox(size: number): PhiloxKey {
    const { seed, offset } = this.#state;
    this.#state.offset += Math.ceil(size / 4);
    return { seedLow: low32(seed), seedHigh: high32(seed), offsetLow: low32(offset), offsetHigh: high32(offset) };
  }
  static {
    exactly(this.prototype, "manualSeed", "getState", "random", "random53", "unit", "normal", "philox");
  }
}

// x · y + z rounded once, but for ties of the second order: the rounding errors of product and sum are added last.
function fusedMultiplyAdd(x: number, y: number, z: number): number {
  const upper = (v: number): number => {
    const c = 134217729 * v;
    return c - (c - v);
  };
  const [xh, yh] = [upper(x), upper(y)];
  const [xl, yl] = [x - xh, y - yh];
  const product = x * y;
  const sum = product + z;
  const back = sum - product;
  return sum + (product - (sum - back) + (z - back) + (xh * yh - product + xh * yl + xl * yh + xl * yl));
}

// Upper half of the 64-bit product, from halves of 16 bits so that every step stays in a machine integer.
function multiplyHigh(a: number, b: number): number {
  const [al, ah, bl, bh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = (imul(ah, bl) + (imul(al, bl) >>> 16)) | 0;
  const carry = (imul(al, bh) + (middle & 0xffff)) | 0;
  return (imul(ah, bh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

// Ten rounds over the counter (c0, c1, c2, c3); the four words go to `out` from `at` on, those beyond its end nowhere.
// prettier-ignore
function philoxBlock(out: Uint32Array, at: number, c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low0 = imul(0xd2511f53, c0);
    c0 = high1 ^ c1 ^ k0;
    c1 = imul(0xcd9e8d57, c2);
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  // What is written beyond the end of a typed array goes nowhere.
  out[at] = c0;
  out[at + 1] = c1;
  out[at + 2] = c2;
  out[at + 3] = c3;
}

/**
 * Philox 4×32 with ten rounds: four random words for a counter of four words under a key of two, the bits that shaders/random.wgsl makes.
 * Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011).
 */
export function philox4x32(counter: ArrayLike<number>, key: ArrayLike<number>): Uint32s {
  const words = new Uint32Array(4);
  philoxBlock(words, 0, counter[0]!, counter[1]!, counter[2]!, counter[3]!, key[0]!, key[1]!);
  return words;
}

/**
 * The words of a counter-based stream: word i is lane i % 4 of the block with counter (offset + ⌊i / 4⌋ in two words, 0, 0).
 * Reads `size` of them.
 */
export function philoxWords({ seedLow, seedHigh, offsetLow, offsetHigh }: PhiloxKey, size: number): Uint32s {
  const words = new Uint32Array(size);
  for (let i = 0; i < size; i += 4) {
    const low = offsetLow + i / 4;
    philoxBlock(words, i, low, offsetHigh + Math.floor(low / 2 ** 32), 0, 0, seedLow, seedHigh);
  }
  return words;
}

/** What the shader `rand` writes: the upper 24 bits of a word as a number in [0, 1), stretched to [low, high) in float32 steps. */
export function philoxUniform(key: PhiloxKey, size: number, low = 0, high = 1): Float32s {
  const start = fround(low);
  const range = fround(fround(high) - start);
  return Float32Array.from(philoxWords(key, size), (word) => fround((word >>> 8) * 2 ** -24 * range) + start);
}

/** What the shader `randn` writes, to a few units in the last place: Box–Muller, words 0 and 2 of a block for the radii, 1 and 3 for the angles. */
export function philoxNormal(key: PhiloxKey, size: number, mean = 0, std = 1): Float32s {
  const words = philoxWords(key, Math.ceil(size / 4) * 4);
  return Float32Array.from({ length: size }, (_, i) => {
    const word = Math.max(words[i & ~1]!, 1);
    const leading = (word & (-1 << Math.max(8 - Math.clz32(word), 0))) >>> 0;
    const radius = Math.sqrt(-2 * Math.log(leading * 2 ** -32));
    const angle = (words[i | 1]! >>> 8) * 2 ** -24 * TWO_PI;
    return radius * (i & 1 ? Math.sin(angle) : Math.cos(angle)) * std + mean;
  });
}

const shared = new Generator();

/** The generator used where none is given. */
export const defaultGenerator = (): Generator => shared;

/** The generator given, or the one that manualSeed() seeds. Errors: ArgumentError. */
export function generatorOf(given?: Generator | null): Generator {
  if (given != null && !(given instanceof Generator)) throw new ArgumentError(`generator must be a Generator, got ${typeof given}`);
  return given ?? shared;
}

/**
 * Seeds the default generator, and so initial weights, shuffles and dropout.
 * @example
 * manualSeed(0);
 * await rand(2).tolist(); // → [0.49626, 0.76822]
 */
export function manualSeed(seed: number): Generator {
  takes("manualSeed", arguments, 1);
  return shared.manualSeed(seed);
}

/** The seed the default generator was last given. */
export function initialSeed(): number {
  takes("initialSeed", arguments, 0);
  return shared.initialSeed;
}
