// Random choices that a seed decides: the same case again from the same number, in every runtime.

/** A small fast generator of 32-bit words (sfc32, from PractRand by Doty-Humphrey). */
export class Rng {
  #a = 0x9e3779b9;
  #b: number;
  #c: number;
  #count = 1;

  /** `seed` and `stream` are whole numbers; every pair gives a sequence of its own. */
  constructor(seed: number, stream = 0) {
    this.#b = seed >>> 0;
    this.#c = (Math.floor(seed / 2 ** 32) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
    for (let i = 0; i < 12; i++) this.word();
  }

  word(): number {
    const sum = (this.#a + this.#b + this.#count++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
  /** In [0, 1). */
  unit(): number {
    return this.word() * 2 ** -32;
  }
  /** A whole number from low to high, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }
  chance(p: number): boolean {
    return this.unit() < p;
  }
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }
  shuffled<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }
}

/** A new seed of its own for this run, below 2^31. */
export const freshSeed = (): number => Math.floor(Math.random() * 2 ** 31);
