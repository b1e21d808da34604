// IDX files: the digits themselves, every element type, and damaged files.
import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/base/errors.ts";
import { loadIdx, parseIdx } from "../../src/extra/index.ts";

const idx = (type: number, shape: readonly number[], data: readonly number[]): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, type, shape.length]);
  shape.forEach((d, i) => new DataView(bytes.buffer).setUint32(4 + 4 * i, d));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
};
const gzip = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());

describe("loadIdx", () => {
  it("reads plain and gzipped files", async () => {
    const bytes = idx(8, [2, 3], [0, 1, 2, 253, 254, 255]);
    for (const file of [bytes, bytes.buffer, await gzip(bytes)]) {
      const t = await loadIdx(file);
      expect([t.dtype, await t.tolist()]).toEqual([
        "uint8",
        [
          [0, 1, 2],
          [253, 254, 255],
        ],
      ]);
    }
  });

  it("reads every element type, big-endian", async () => {
    const read = async (type: number, shape: readonly number[], data: readonly number[]): Promise<unknown> => {
      const { data: values, dtype } = await parseIdx(idx(type, shape, data));
      return [dtype, [...values]];
    };
    expect(await read(9, [2], [255, 1])).toEqual(["int32", [-1, 1]]);
    expect(await read(0x0b, [1], [255, 254])).toEqual(["int32", [-2]]);
    expect(await read(0x0c, [1], [0, 1, 0, 0])).toEqual(["int32", [65536]]);
    expect(await read(0x0d, [1], [0x3f, 0x80, 0, 0])).toEqual(["float32", [1]]);
    expect(await read(0x0e, [1], [0xc0, 0, 0, 0, 0, 0, 0, 0])).toEqual(["float64", [-2]]);
  });

  it("refuses damaged files with a FormatError", async () => {
    const packed = await gzip(idx(8, [4], [1, 2, 3, 4]));
    const bad: [Uint8Array<ArrayBuffer>, string][] = [
      [new Uint8Array(0), "no IDX file"],
      [Uint8Array.from([1, 0, 8, 1, 0, 0, 0, 0]), "no IDX file"],
      [idx(7, [1], [1]), "unknown element type 7"],
      [idx(8, [3], [1, 2]), "needs 3 bytes, has 2"],
      [idx(8, [1], [1, 2]), "needs 1 bytes, has 2"],
      [idx(8, [2 ** 31, 2 ** 31, 2 ** 31], [1]), "needs"],
      [idx(8, [1], []).slice(0, 5), "1 dimensions in 5 bytes"],
      [packed.slice(0, packed.length - 9), "damaged"],
      [packed.map((v, i) => (i === 15 ? v ^ 0xff : v)), "damaged"],
    ];
    for (const [bytes, message] of bad) {
      await expect(loadIdx(bytes), message).rejects.toThrow(FormatError);
      await expect(loadIdx(bytes)).rejects.toThrow(message);
    }
  });
});
