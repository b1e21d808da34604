// What people take for a safetensors or IDX file: each is named, and told what to do with.
import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/base/errors.ts";
import { loadCheckpoint, loadIdx, saveCheckpoint } from "../../src/io/index.ts";
import { inspectSafetensors, loadSafetensors, saveSafetensors } from "../../src/io/index.ts";
import { Linear } from "../../src/nn/index.ts";
import { formsOf, gzipped, idxFile, latin1, safetensorsFile } from "./files.ts";

/** The local header of a zip archive's first entry. */
const zip = (name: string): string => `PK\x03\x04${"\0".repeat(22)}${String.fromCharCode(name.length)}\0\0\0${name}…contents`.slice(0, -9);
const lfs =
  "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
const onnx = "\x08\x07\x12\x07pytorch\x1a\x052.1.0:\xff\x01";

// First bytes as the tools write them.
const others: readonly (readonly [kind: string, first: string, what: string, remedy: string])[] = [
  ["torch.save", zip("archive/data.pkl"), "a PyTorch file (.pt, .pth)", "safetensors.torch.save_file"],
  ["torch.save of model.pt", zip("model/data.pkl"), "a PyTorch file (.pt, .pth)", "safetensors.torch.save_file"],
  ["torch.save before 1.6", "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a Python pickle", "safetensors.torch.save_file"],
  ["pickle.dump", "\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94.", "a Python pickle", "safetensors.torch.save_file"],
  ["numpy.savez", zip("arr_0.npy"), "a zip archive of NumPy arrays (.npz)", "dict(numpy.load(path))"],
  ["numpy.save", "\x93NUMPY\x01\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "a NumPy array (.npy)", "numpy.load(path)"],
  ["Keras 3", zip("metadata.json"), "a Keras model (.keras)", "safetensors.numpy.save_file"],
  ["any zip archive", zip("photo.jpg"), "a zip archive", "unpack it first"],
  ["an empty zip archive", `PK\x05\x06${"\0".repeat(18)}`, "a zip archive", "unpack it first"],
  ["Keras 2", "\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0", "an HDF5 file", "safetensors.numpy.save_file"],
  ["llama.cpp", "GGUF\x03\0\0\0\x23\x01\0\0\0\0\0\0", "a GGUF model", "take the weights it was made from"],
  ["torch.onnx.export", onnx, "an ONNX model (.onnx)", "onnx.load(path)"],
  ["TensorFlow SavedModel", "\x08\x01\x12\xf0\x8f\x01\n\x90\x05\n\x0c", "a TensorFlow SavedModel (.pb)", "safetensors"],
  ["TensorFlow frozen graph", "\n\x2b\n\x05input\x12\x0bPlaceholder*\x0b", "a TensorFlow graph (.pb)", "safetensors"],
  ["TensorFlow Lite", "\x1c\0\0\0TFL3\x14\0\x20\0", "a TensorFlow Lite model", "take the weights it was made from"],
  ["TensorFlow.js", '{"modelTopology": {"class_name": "Sequential"}, "weightsManifest": []}', "the description of a TensorFlow.js model", "safetensors"],
  ["an index of shards", '{\n  "metadata": {"total_size": 1},\n  "weight_map": {"a": "model-00001-of-00002.safetensors"}\n}', "the index of a model in several safetensors files", "load each of the files"],
  ["JSON", '{"error": "Repository not found"}', "a JSON text", "check the address"],
  ["a page for 404", "<!DOCTYPE html>\n<html><head><title>404</title>", "an HTML page", "check the address"],
  ["a page behind a byte order mark", "\xef\xbb\xbf\r\n<html lang=en>", "an HTML page", "check the address"],
  ["an error of S3", '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>', "an XML text", "check the address"],
  ["Git LFS", lfs, "a pointer of Git LFS in place of the file", "git lfs pull"],
  ["a plain answer", "Entry not found", 'a text that begins with "Entry not found"', "check the address"],
  ["a short plain answer", "Not Found", 'a text that begins with "Not Found"', "check the address"],
  ["zstandard", "\x28\xb5\x2f\xfd\x04\x58\x01\0\0", "compressed", "unpack it first"],
  ["tar", `weights/${"\0".repeat(92)}0000644\0${"\0".repeat(149)}ustar\x0000`, "a tar archive", "unpack it first"],
  ["PNG", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "an image", "fromImageData"],
  ["Parquet", "PAR1\x15\x04\x15\x10\x15\x14", "a Parquet table", "safetensors"],
]; // prettier-ignore

describe.each(others)("a file of %s", (_, first, what, remedy) => {
  const bytes = latin1(first.padEnd(64, first.endsWith("\n") || /^[ -~\n]+$/.test(first) ? "" : "\0"));
  const training = { model: new Linear(1, 1) };

  it.each([
    ["loadSafetensors", "safetensors", async () => loadSafetensors(bytes)],
    ["inspectSafetensors", "safetensors", async () => inspectSafetensors(bytes)],
    ["loadCheckpoint", "safetensors", async () => loadCheckpoint(bytes, training)],
    ["loadIdx", "IDX", async () => loadIdx(bytes)],
  ] as const)("%s names it", async (op, wanted, load) => {
    await expect(load()).rejects.toThrow(FormatError);
    await expect(load()).rejects.toThrow(`${op}: this is ${what}`);
    await expect(load()).rejects.toThrow(`, no ${wanted} file (`);
    await expect(load()).rejects.toThrow(remedy);
  });
});

describe("loadSafetensors", () => {
  it("names files of this library that belong to another reader", async () => {
    expect(() => loadSafetensors(idxFile(8, [2], [1, 2]))).toThrow("this is an IDX file, no safetensors file (loadIdx())");
    const packed = await gzipped(await saveSafetensors({}));
    expect(() => loadSafetensors(packed)).toThrow("this is gzip-compressed, no safetensors file (unpack it first");
    await expect(loadIdx(await saveSafetensors({}))).rejects.toThrow("this is a safetensors file, no IDX file (loadSafetensors())");
    await expect(loadIdx(packed)).rejects.toThrow("this is a safetensors file, no IDX file (loadSafetensors())");
  });

  it("takes no sound file for another kind", () => {
    // Lengths whose bytes spell other signatures, as far as a header may be that long.
    for (const claim of [0x1f, 0x0108, 0x4b50, 0x8b1f, 0x0a0a]) {
      const bytes = safetensorsFile("{}".padEnd(claim, " "));
      for (const [form, file] of formsOf(bytes)) expect(Object.keys(loadSafetensors(file)), form).toEqual([]);
    }
  });
});

describe("loadCheckpoint", () => {
  it("says that plain weights are no checkpoint", async () => {
    const model = new Linear(1, 1);
    const weights = await saveSafetensors(model.stateDict());
    const load = (): unknown => loadCheckpoint(weights, { model });
    expect(load).toThrow(FormatError);
    expect(load).toThrow("loadCheckpoint: these are plain weights, no checkpoint (model.loadStateDict(loadSafetensors(file)))");
    expect(Object.keys(loadSafetensors(await saveCheckpoint({ model })))).toEqual(["model.bias", "model.weight"]);
  });
});
