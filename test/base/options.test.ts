// The reader of arguments: what is too many, unknown, in the wrong place or of another kind is named.
import { describe, expect, it } from "vitest";
import { checkKinds } from "../../src/base/checks.ts";
import { ArgumentError } from "../../src/base/errors.ts";
import { checkCount, either, parse } from "../../src/base/options.ts";
import { entry, exactly, takes } from "../../src/base/reading.ts";

const order = { dim: null as number | null, keepdim: false };

describe("parse", () => {
  it("takes arguments by position, by name, and both", () => {
    expect(parse([1, true], order)).toEqual({ dim: 1, keepdim: true });
    expect(parse([{ keepdim: true }], order)).toEqual({ dim: null, keepdim: true });
    expect(parse([1, { keepdim: true }], order)).toEqual({ dim: 1, keepdim: true });
  });

  it("takes undefined for nothing given, also where nothing belongs", () => {
    expect(parse([undefined, true, undefined, undefined], order)).toEqual({ dim: null, keepdim: true });
    expect(parse([1, { keepdim: true }, undefined], order)).toEqual({ dim: 1, keepdim: true });
  });

  it.each<[unknown[], string]>([
    [[1, true, "more"], '"more" is one argument too many (order: dim, keepdim)'],
    [[1, true, () => 1], "a function is one argument too many"],
    [[1, { keep: true }], "unknown option keep (known: dim, keepdim, dtype)"],
    [[{ keepdim: true }, "more"], '"more" comes after the options'],
    [[1, { dim: 2 }], "dim was given twice"],
    [[1, "yes"], 'keepdim must be a boolean, got "yes"'],
  ])("%j is refused", (rest, message) => {
    expect(() => parse(rest, order, { dtype: undefined })).toThrow(ArgumentError);
    expect(() => parse(rest, order, { dtype: undefined })).toThrow(message);
  });

  it("compares lists of numbers with their default", () => {
    const betas = { betas: [0.9, 0.999] };
    expect(parse([[0.5, 0.6]], betas)).toEqual({ betas: [0.5, 0.6] });
    expect(() => parse([[0.5]], betas)).toThrow("betas must be a list of 2 like [0.9, 0.999], got [0.5]");
    expect(() => parse([[0.5, "x"]], betas)).toThrow('got [0.5, "x"]');
  });
});

it("checkKinds refuses NaN where parse takes it for a number", () => {
  expect(parse([NaN], { lr: 1 })).toEqual({ lr: NaN });
  expect(() => checkKinds({ lr: NaN }, { lr: 1 })).toThrow("lr must be a number, got NaN");
  expect(() => checkKinds({ lr: null }, { lr: either<number | null>(1, "number", "null") })).not.toThrow();
});

describe("counting", () => {
  it("names the first argument that is too many, or the option in it", () => {
    expect(() => checkCount([1, 2], 2)).not.toThrow();
    expect(() => checkCount([1, 2, undefined], 2)).not.toThrow();
    expect(() => checkCount([1, 2, 3, 4], 2)).toThrow("3 is one argument too many");
    expect(() => checkCount([1, { dtype: "int32" }], 1)).toThrow("unknown option dtype (known: none)");
  });

  it("entry and takes name the entry point, and nothing is run", () => {
    let ran = false;
    expect(() => entry("op", [1, 2], 1, () => (ran = true))).toThrow("op: 2 is one argument too many");
    expect(() => takes("op", [1], 0)).toThrow("op: 1 is one argument too many");
    expect(ran).toBe(false);
  });

  it("exactly counts the parameters of methods and keeps what they do", () => {
    class Counter {
      #n = 1;
      add(by: number, times?: number): number {
        return (this.#n += by * (times ?? 1));
      }
      static {
        exactly(this.prototype, "add");
      }
    }
    const counter = new Counter();
    expect(counter.add(2)).toBe(3);
    expect(counter.add(2, 2)).toBe(7);
    expect(() => (counter.add as (...args: readonly unknown[]) => unknown).call(counter, 1, 1, 1)).toThrow(
      "add: 1 is one argument too many",
    );
    expect(counter.add(0)).toBe(7);
    expect(Object.keys(Counter.prototype)).toEqual([]);
  });
});
