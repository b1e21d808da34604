// The heap of free buffers against a sorted list.
import { expect, it } from "vitest";
import { LowestFirst } from "../../src/device/webgpu/heap.ts";

const ids = (n: number, step: number): number[] => Array.from({ length: n }, (_, i) => (i * step) % n);

it.each([1, 7, 100, 101])("LowestFirst gives %i items back by id, whatever their order", (n) => {
  for (const step of [1, 3, n - 1]) {
    const heap = new LowestFirst<{ id: number }>();
    const given = ids(n, step);
    for (const id of given) heap.push({ id });
    const taken = given.map(() => {
      return heap.pop()!.id;
    });
    expect(taken).toEqual([...given].sort((a, b) => a - b));
    expect(heap.pop()).toBe(undefined);
  }
});

it("LowestFirst.extract takes what is picked, and leaves the rest in order", () => {
  const heap = new LowestFirst<{ id: number }>();
  for (const id of ids(50, 7)) heap.push({ id });
  const odd = heap.extract(({ id }) => id % 2 === 1).map(({ id }) => id);
  expect(odd.sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => 2 * i + 1));
  heap.push({ id: 5 });
  expect(Array.from({ length: 4 }, () => heap.pop()!.id)).toEqual([0, 2, 4, 5]);
});
