// The parts of the pages that need no page.
import { describe, expect, it } from "vitest";
import { DataError, firstDigits, loadDigits, PIXELS } from "../../demo/mnist/digits.ts";
import { normaliseDrawing } from "../../demo/convnet/pad.ts";
import { curveCsv } from "../../demo/convnet/save.ts";
import { shortError } from "../../demo/selftest/table.ts";

describe("normaliseDrawing", () => {
  it("leaves an empty pad empty", () => {
    expect(normaliseDrawing(new Float32Array(100 * 100), 100).every((v) => v === 0)).toBe(true);
  });

  it.each([
    [10, 10, 30, 60],
    [60, 35, 35, 60],
    [2, 90, 90, 8],
  ])("brings a stroke at (%i, %i) of %i × %i to the middle, 20 pixels long", (x0, y0, width, height) => {
    const drawing = new Float32Array(100 * 100);
    for (let y = y0; y < Math.min(100, y0 + height); y++) for (let x = x0; x < Math.min(100, x0 + width); x++) drawing[y * 100 + x] = 1;
    const digit = normaliseDrawing(drawing, 100);
    let [mass, mx, my] = [0, 0, 0];
    const rows = new Set<number>();
    const columns = new Set<number>();
    digit.forEach((v, i) => {
      mass += v;
      mx += v * (i % 28);
      my += v * Math.floor(i / 28);
      if (v > 0.02) {
        columns.add(i % 28);
        rows.add(Math.floor(i / 28));
      }
    });
    expect(Math.abs(mx / mass - 13.5)).toBeLessThanOrEqual(0.51);
    expect(Math.abs(my / mass - 13.5)).toBeLessThanOrEqual(0.51);
    expect(Math.max(rows.size, columns.size)).toBe(20);
    expect(Math.max(...digit)).toBeLessThanOrEqual(1);
  });
});

describe("the digits", () => {
  const idx = (type: number, sizes: number[], bytes: number[]): Uint8Array<ArrayBuffer> => {
    const head = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
    head.setUint8(2, type);
    head.setUint8(3, sizes.length);
    sizes.forEach((size, k) => head.setUint32(4 + 4 * k, size));
    return Uint8Array.from([...new Uint8Array(head.buffer), ...bytes]);
  };
  const images = idx(8, [2, 28, 28], new Array<number>(2 * PIXELS).fill(7));
  const files =
    (labels: Uint8Array<ArrayBuffer>, pictures = images) =>
    (name: string) =>
      Promise.resolve(name.includes("images") ? pictures : labels);

  it("are read unpacked as well, as a server may deliver them", async () => {
    const { train, heldOut } = await loadDigits(files(idx(8, [2], [3, 9])));
    expect([train.count, heldOut.count, ...train.labels]).toEqual([2, 2, 3, 9]);
    expect(firstDigits(train, 1)).toMatchObject({ count: 1, labels: Uint8Array.of(3) });
  });

  it.each([
    ["labels for other images", idx(8, [3], [1, 2, 3]), images],
    ["a label beyond 9", idx(8, [2], [1, 10]), images],
    ["a type that is not bytes", idx(13, [2], [1, 2]), images],
    ["missing bytes", idx(8, [2], [1]), images],
    ["another size of image", idx(8, [2], [1, 2]), idx(8, [2, 2, 2], [0, 0, 0, 0, 0, 0, 0, 0])],
    ["no images", idx(8, [0], []), idx(8, [0, 28, 28], [])],
  ])("are refused with %s", async (_, labels, pictures) => {
    await expect(loadDigits(files(labels, pictures))).rejects.toThrow(DataError);
  });
});

it("the saved curve has a row per step", () => {
  const csv = curveCsv({ losses: [2, 1.5], accuracies: [0.1, 0.25], heldOut: new Map([[2, 0.5]]) });
  expect(csv).toBe("step,loss,accuracy,held_out_accuracy\n1,2,0.1,\n2,1.5,0.25,0.5\n");
});

it.each([
  [0, "exact"],
  [3.14e-7, "3.1e-7"],
  [0.0234, "0.023"],
  [Infinity, "infinite"],
  [12345, "1.2e4"],
])("an error of %d is shown as %s", (error, text) => expect(shortError(error)).toBe(text));
