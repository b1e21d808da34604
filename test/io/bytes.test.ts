// Every reader takes a file in every form that bytes have, leaves the caller's memory alone, and names what is no file.
import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { loadCheckpoint, loadIdx, parseIdx, saveCheckpoint } from "../../src/io/index.ts";
import { type ArrivingBytes, type Bytes, inspectSafetensors, loadSafetensors, saveSafetensors } from "../../src/io/index.ts";
import { Linear } from "../../src/nn/index.ts";
import { onEveryDevice } from "../devices.ts";
import { formsOf, idxFile, sharedBytes } from "./files.ts";

type Reader = (file: Bytes | ArrivingBytes) => unknown;

onEveryDevice(() => {
  const model = new Linear(1, 2);
  const readers: [string, () => Promise<Uint8Array<ArrayBuffer>>, Reader, unknown][] = [
    [
      "loadSafetensors",
      () => saveSafetensors({ x: tensor(3), y: tensor([1, -2], { dtype: "int32" }) }),
      async (file) => {
        const { x, y } = await loadSafetensors(file);
        return [await x!.tolist(), await y!.tolist()];
      },
      [3, [1, -2]],
    ],
    ["inspectSafetensors", () => saveSafetensors({ x: tensor(3) }), async (file) => (await inspectSafetensors(file)).tensors, [
      { name: "x", dtype: "F32", shape: [] },
    ]],
    ["loadCheckpoint", () => saveCheckpoint({ model }, { extra: 7 }), (file) => loadCheckpoint(file, { model }), 7],
    ["parseIdx", async () => idxFile(0x0b, [2], [1, 0, 255, 254]), async (file) => [...(await parseIdx(file)).data], [256, -2]],
    ["loadIdx", async () => idxFile(0x0d, [], [0x40, 0x40, 0, 0]), async (file) => (await loadIdx(file)).item(), 3],
  ]; // prettier-ignore

  it.each(readers)("%s takes bytes in every form and changes none of them", async (_, make, read, expected) => {
    const file = await make();
    for (const [form, bytes] of formsOf(file)) {
      const whole = new Uint8Array(ArrayBuffer.isView(bytes) ? bytes.buffer : bytes);
      const before = [...whole];
      expect(await read(bytes), form).toEqual(expected);
      expect([...whole], form).toEqual(before);
    }
  });

  it.each(readers)("%s takes a Blob, a File and a Response by await", async (_, make, read, expected) => {
    const file = await make();
    for (const bytes of [new Blob([file]), new File([file], "x.bin"), new Response(file)]) expect(await read(bytes)).toEqual(expected);
  });

  it.each(readers)("%s says what else it was given", async (name, make, read) => {
    const file = await make();
    const gone = file.slice().buffer;
    structuredClone(gone, { transfer: [gone] });
    const wrong: [unknown, string][] = [
      ["model.safetensors", "got string (the bytes of the file: await fetch(url)"],
      [Promise.resolve(file), "got object (await the promise first)"],
      [null, "got null"],
      [undefined, "got undefined"],
      [[1, 2, 3], "got object (an ArrayBuffer or a view of one, a Blob or a Response)"],
      [gone, "the bytes are gone"],
    ];
    for (const [given, message] of wrong) {
      const call = async (): Promise<unknown> => read(given as ArrayBuffer);
      await expect(call(), message).rejects.toThrow(ArgumentError);
      await expect(call()).rejects.toThrow(`${name}: `);
      await expect(call()).rejects.toThrow(message);
    }
  });

  it.each(readers)("%s refuses a Response that is no file, and one already read", async (name, make, read) => {
    const used = new Response(await make());
    await used.arrayBuffer();
    const answers: [Response, string][] = [
      [new Response("gone", { status: 404, statusText: "Not Found" }), `${name}: the server answered 404 Not Found`],
      [Response.error(), `${name}: the response may not be read by this page`],
      [used, `${name}: the bytes cannot be read: TypeError`],
    ];
    for (const [answer, message] of answers) {
      await expect(read(answer.bodyUsed ? answer : answer.clone()), message).rejects.toThrow(FormatError);
      await expect(read(answer)).rejects.toThrow(message);
    }
  });
});

describe("loadSafetensors", () => {
  it("reads shared memory once: what is written there later is not seen", async () => {
    const file = await saveSafetensors({ x: tensor([5, 6]) });
    const shared = sharedBytes(file);
    const { x } = loadSafetensors(shared);
    shared.fill(0);
    expect(await x!.tolist()).toEqual([5, 6]);
  });
});
