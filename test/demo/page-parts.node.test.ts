// The parts of the pages that need no page.
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DataError, firstDigits, loadDigits, openDigits, PIXELS } from "../../demo/mnist/digits.ts";
import { Speed } from "../../demo/mnist/speed.ts";
import { normaliseDrawing } from "../../demo/convnet/pad.ts";
import { curveCsv } from "../../demo/convnet/save.ts";
import { Turns } from "../../demo/convnet/turns.ts";
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

describe("Turns", () => {
  const frames: ((framed: number) => void)[] = [];
  let [rest, clock] = [0, 0];
  const turns = new Turns(
    (run, asked) => {
      frames.push(run);
      rest = asked;
    },
    () => clock,
  );
  const drawn: string[] = [];
  const ask = (panel: string, state: number): void => turns.ask(panel, () => void drawn.push(`${panel} ${state}`));
  const frame = (framed = 0): string[] => {
    for (const run of frames.splice(0)) run(framed);
    return drawn.splice(0);
  };

  it("draws one panel per frame, in the order asked for, in the newest state", () => {
    ask("a", 1);
    ask("b", 1);
    ask("c", 1);
    ask("a", 2);
    expect(drawn).toEqual([]);
    expect(frame()).toEqual(["a 2"]);
    ask("a", 3);
    expect([frame(), frame(), frame(), frame()]).toEqual([["b 1"], ["c 1"], ["a 3"], []]);
  });

  it("asks for no frame when nothing waits, and again when something does", () => {
    expect(frames).toEqual([]);
    ask("a", 4);
    expect(frames).toHaveLength(1);
    expect(frame()).toEqual(["a 4"]);
    expect(frames).toEqual([]);
  });

  it("goes on after a panel that could not be drawn, and with a panel that asks for more", () => {
    turns.ask("broken", () => {
      throw new Error("no canvas");
    });
    ask("a", 5);
    turns.ask("long", () => ask("more", 6));
    expect(() => frame()).toThrow("no canvas");
    expect([frame(), frame(), frame(), frame()]).toEqual([["a 5"], [], ["more 6"], []]);
  });

  it("rests twice as long as frame and drawing took, and not for ever", () => {
    const restAfter = (framed: number, drawing: number): number => {
      turns.ask("slow", () => (clock += drawing));
      frame(framed);
      ask("a", 9);
      const asked = rest;
      frame();
      return asked;
    };
    expect(restAfter(50, 0)).toBe(100);
    expect(restAfter(50, 20)).toBe(140);
    expect(restAfter(1e4, 0)).toBe(250);
  });
});

describe("Speed", () => {
  it("counts from the beginning, so that steps which settle in one turn are not fast", () => {
    const speed = new Speed();
    speed.begin(1000);
    expect(speed.perSecond).toBeNaN();
    // Paused just then: three steps had been queued, and their figures arrive together.
    for (const at of [1150, 1150.1, 1150.18]) speed.settle(at, 64);
    expect(speed.perSecond).toBeCloseTo((3 * 64) / 0.15018, 6);
    for (let k = 1; k <= 6; k++) {
      speed.begin(2000 * k);
      speed.settle(2000 * k + 40, 64);
      expect(speed.perSecond).toBe(1600);
    }
  });

  it("forgets what was long ago", () => {
    const speed = new Speed();
    speed.begin(0);
    speed.settle(5000, 64);
    for (let k = 1; k <= 30; k++) speed.settle(5000 + 10 * k, 64);
    expect(speed.perSecond).toBe(6400);
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
      Promise.resolve(new Blob([name.includes("images") ? pictures : labels]).stream());

  it("are read unpacked as well, as a server may deliver them", async () => {
    const { train, heldOut } = await loadDigits(files(idx(8, [2], [3, 9])));
    expect([train.count, heldOut.count, ...train.labels]).toEqual([2, 2, 3, 9]);
    expect(firstDigits(train, 1)).toMatchObject({ count: 1, labels: Uint8Array.of(3) });
  });

  const gzip = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(bytes));
  it.each([
    ["that is cut short", gzip(images).subarray(0, 20), "is damaged"],
    ["that is cut short, unpacked", images.subarray(0, -1), "ends after 1567 of 1568 bytes of images"],
    ["of the right length that is no gzip within", Uint8Array.of(0x1f, 0x8b, ...images), "is damaged"],
    [
      "that is no gzip and no IDX",
      new TextEncoder().encode("<html>404: there is no such page</html>"),
      "does not start as an IDX file of images",
    ],
    ["that is empty", new Uint8Array(0), "ends after 0 of 1568 bytes of images"],
    ["of labels", gzip(idx(8, [2], [1, 2])), "ends after 0 of 1568 bytes of images"],
    ["of more images", idx(8, [3, 28, 28], new Array<number>(3 * PIXELS).fill(7)), "holds 3 images for 2 labels"],
    ["with more than it says", idx(8, [2, 28, 28], new Array<number>(3 * PIXELS).fill(7)), "holds more than 2 images"],
  ])("name the file %s", async (_, pictures, words) => {
    const loading = loadDigits(files(idx(8, [2], [3, 9]), pictures as Uint8Array<ArrayBuffer>));
    await expect(loading).rejects.toThrow(DataError);
    await expect(loading).rejects.toThrow(new RegExp(`^train-images-idx3-ubyte\\.gz: .*${words}`));
  });

  it("come byte by byte as well, and can be waited for one by one", async () => {
    let [send, end] = [(_byte: number): void => undefined, (_why?: unknown): void => undefined];
    const slow = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (to) => {
        send = (byte) => to.enqueue(Uint8Array.of(byte));
        end = (why) => to.error(why);
      },
    });
    const whole = files(idx(8, [2], [3, 9]));
    const told: number[] = [];
    const { train, heldOut } = await openDigits(
      (name) => (name.startsWith("train-images") ? Promise.resolve(slow) : whole(name)),
      (digits) => told.push(digits.train.arrived),
    );
    const first = train.until(1);
    const second = train.until(2);
    for (const byte of images.subarray(0, images.length - 1)) send(byte);
    await first;
    expect([train.count, train.arrived, told.at(-1)]).toEqual([2, 1, 1]);
    end(new Error("the cable was pulled"));
    const why = "train-images-idx3-ubyte.gz: could not be read to its end: the cable was pulled";
    await expect(second).rejects.toThrow(why);
    await expect(heldOut.until(1)).rejects.toThrow(why);
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
