// IDX files: the digits themselves, every element type, and damaged files.
import { afterEach, describe, expect, it, vi } from "vitest";
import { FormatError } from "../../src/base/errors.ts";
import { loadIdx, parseIdx } from "../../src/io/index.ts";
import { gzipped as gzip, idxFile as idx } from "../io/files.ts";

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
      [idx(8, [2 ** 31, 2 ** 31, 2 ** 31], [1]), "more than 2147483647"],
      [idx(8, [1, 1, 1, 1, 1, 1, 1, 1, 1], [1]), "9 dimensions in 41 bytes"],
      [idx(8, [1], []).slice(0, 5), "1 dimensions in 5 bytes"],
      [await gzip(idx(8, [3], [1, 2])), "needs 3 bytes, has 2"],
      [await gzip(idx(8, [300], new Array<number>(301).fill(1))), "unpacks to more than the 308 bytes that its header asks for"],
      [await gzip(new Uint8Array(0)), "no IDX file"],
      [packed.slice(0, packed.length - 9), "damaged"],
      [packed.map((v, i) => (i === 15 ? v ^ 0xff : v)), "damaged"],
    ];
    for (const [bytes, message] of bad) {
      await expect(loadIdx(bytes), message).rejects.toThrow(FormatError);
      await expect(loadIdx(bytes)).rejects.toThrow(message);
    }
  });
});

describe("parseIdx of gzip", () => {
  afterEach(() => void vi.unstubAllGlobals());

  /** Stands in for the unpacker of a bomb: `head`, then zeros without end. Counts the chunks that were taken. */
  function bomb(head: Uint8Array<ArrayBuffer>): { chunks: number; cancelled: boolean } {
    const seen = { chunks: 0, cancelled: false };
    const readable = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(seen.chunks++ === 0 ? head : new Uint8Array(65536));
          if (seen.chunks > 1000) controller.error(new Error("a thousand chunks were taken"));
        },
        cancel: () => void (seen.cancelled = true),
      },
      { highWaterMark: 0 },
    );
    const Unpacker = class {
      readonly readable = readable;
      readonly writable = new WritableStream();
    };
    vi.stubGlobal("DecompressionStream", Unpacker);
    return seen;
  }

  it("looks at the first bytes before it unpacks the rest", async () => {
    const seen = bomb(new Uint8Array(65536));
    await expect(parseIdx(Uint8Array.of(0x1f, 0x8b, 8, 0))).rejects.toThrow("parseIdx: unknown element type 0");
    expect(seen).toEqual({ chunks: 1, cancelled: true });
  });

  it("unpacks as much as the header asks for and no more, though the head comes in pieces", async () => {
    const seen = bomb(idx(8, [1000, 100], []).slice(0, 3));
    await expect(parseIdx(Uint8Array.of(0x1f, 0x8b, 8, 0))).rejects.toThrow("unpacks to more than the 5 bytes that its header asks for");
    expect(seen).toEqual({ chunks: 2, cancelled: true });
  });
});
