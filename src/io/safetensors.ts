// safetensors: the format that PyTorch users exchange weights in. Written as the official writer does, read strictly.
import "../ops/core/index.ts";
import { described } from "../base/copies.ts";
import type { Uint8s } from "../base/dtype.ts";
import { ArgumentError, OutOfMemoryError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry, takes } from "../base/reading.ts";
import { record } from "../base/record.ts";
import { type CreateOptions, full, tensor } from "../tensor/create.ts";
import { type DeviceLike, deviceNamed } from "../tensor/device.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type ArrivingBytes, type Bytes, withBytes } from "./bytes.ts";
import { decoded, formats } from "./formats.ts";
import { checkExtent, checkName, malformed, readHeader } from "./header.ts";

export type TensorDict = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/**
 * The file's bytes: header, then tensors by descending element width and name. Values are read from the GPU where they are, all of one moment:
 * what is recorded after the call, awaited or not, is not in the file. `metadata` joins {format: "pt"}, which loaders of PyTorch models insist on.
 * Errors: ArgumentError for values that are no tensors and for names that no file can hold.
 * @example
 * const file = await io.saveSafetensors(new nn.Linear(2, 1).stateDict());
 * io.inspectSafetensors(file).tensors.map(({ name, shape }) => [name, shape]); // → [["bias", [1]], ["weight", [1, 2]]]
 */
export async function saveSafetensors(
  dict: TensorDict,
  options: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<Uint8s> {
  const { metadata } = entry("saveSafetensors", arguments, 2, () =>
    parse([options], {}, { metadata: {} as Readonly<Record<string, string>> }),
  );
  const refuse = (what: string): never => {
    throw new ArgumentError(what, "", "saveSafetensors");
  };
  if (typeof dict !== "object" || !(dict as TensorDict | null)) refuse(`got ${String(dict)} for a dict of tensors`);
  const named = dict instanceof Map ? [...(dict as ReadonlyMap<string, Tensor>)] : Object.entries(dict as Readonly<Record<string, Tensor>>);
  const items = named.map(([name, t]) => {
    if (typeof name !== "string") refuse(`the name ${String(name)} is ${typeof name}, not a string`);
    if (!(t instanceof Tensor)) refuse(`${name} is ${described(t)}, not a tensor`);
    if (name === "__metadata__") refuse(`the name ${name} is not allowed`);
    checkName(name, refuse);
    const [format, [type]] = Object.entries(formats).find(([, [, dtype]]) => dtype === t.dtype)!;
    return { name, t, format, width: type.BYTES_PER_ELEMENT };
  });
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") refuse(`${key} in metadata is no string`);
    checkName(key, refuse);
  }
  items.sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : 1));
  let size = 0;
  const entries = items.map(({ name, t, format, width }) => ({
    [name]: { dtype: format, shape: t.shape, data_offsets: [size, (size += t.numel() * width)] },
  }));
  // An object for each, because a single one would put numeric names first.
  const parts = [{ __metadata__: { format: "pt", ...metadata } }, ...entries].map((entry) => JSON.stringify(entry).slice(1, -1));
  const head = new TextEncoder().encode(`{${parts.join()}}`);
  let at = 8 + Math.ceil(head.length / 8) * 8;
  checkExtent(at - 8, items.length, refuse);
  const bytes = allocated(at + size);
  new DataView(bytes.buffer).setUint32(0, at - 8, true);
  bytes.fill(0x20, 8, at).set(head, 8);
  for (const values of await Promise.all(items.map(({ t }) => t.array()))) {
    // Every machine that runs this orders bytes as the file does.
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

function allocated(size: number): Uint8s {
  try {
    return new Uint8Array(size);
  } catch {
    throw new OutOfMemoryError(`cannot allocate a file of ${size} bytes`, "save it in parts", "saveSafetensors");
  }
}

/** What a safetensors file says about itself. */
export interface SafetensorsInfo {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
}

/**
 * What a file holds, without making tensors: shapes, dtypes and metadata. A promise of it for a Blob, File or Response.
 * Errors: FormatError for malformed files and other kinds of files, which it names.
 */
export function inspectSafetensors(file: Bytes): SafetensorsInfo;
export function inspectSafetensors(file: ArrivingBytes): Promise<SafetensorsInfo>;
export function inspectSafetensors(file: Bytes | ArrivingBytes): SafetensorsInfo | Promise<SafetensorsInfo>;
export function inspectSafetensors(file: Bytes | ArrivingBytes): SafetensorsInfo | Promise<SafetensorsInfo> {
  takes("inspectSafetensors", arguments, 1);
  return withBytes("inspectSafetensors", file, (bytes) => {
    const { entries, metadata } = readHeader(bytes);
    return { metadata, tensors: entries.map(({ name, dtype, shape }) => ({ name, dtype, shape })) };
  });
}

type Loaded = Record<string, Tensor>;
export interface LoadOptions {
  /** Where the tensors go. Default: the device in use. */
  readonly device?: DeviceLike;
}

/**
 * The tensors of a file by name, in the file's order; a promise of them for a Blob, File or Response: `await loadSafetensors(await fetch(url))`.
 * Half and bfloat16 become float32, 64-bit integers int32 when they fit; float64 stays on the CPU only.
 * Errors: FormatError for everything the format forbids and for other kinds of files, which it names, before any tensor is made.
 * @example
 * const file = await io.saveSafetensors({ weight: ones(2, 2) });
 * await io.loadSafetensors(file)["weight"]!.tolist(); // → [[1, 1], [1, 1]]
 */
export function loadSafetensors(file: Bytes, options?: LoadOptions): Loaded;
export function loadSafetensors(file: ArrivingBytes, options?: LoadOptions): Promise<Loaded>;
export function loadSafetensors(file: Bytes | ArrivingBytes, options?: LoadOptions): Loaded | Promise<Loaded>;
export function loadSafetensors(file: Bytes | ArrivingBytes, options: LoadOptions = {}): Loaded | Promise<Loaded> {
  const { device } = entry("loadSafetensors", arguments, 2, () => parse([options], {}, { device: undefined as DeviceLike | undefined }));
  return withBytes("loadSafetensors", file, (bytes) => readSafetensors(bytes, device).tensors);
}

/** Tensors and metadata of a file at hand. */
export function readSafetensors(
  bytes: Uint8s,
  device?: DeviceLike,
): { readonly tensors: Record<string, Tensor>; readonly metadata: Readonly<Record<string, string>> } {
  const { entries, metadata, start } = readHeader(bytes);
  const double = deviceNamed(device).supports("float64");
  // Everything is decoded, and so checked, before the first tensor exists.
  const all = entries.map(({ name, dtype, shape, begin, end }) => {
    const format = formats[dtype]!;
    const refuse = (what: string): never => malformed(`${name} of ${dtype}: ${what}`);
    return { name, shape, out: decoded(bytes.subarray(start + begin, start + end), format, refuse), dtype: format[1] };
  });
  const tensors = record(
    all.map(({ name, shape, out, dtype }) => {
      const where = { dtype: dtype === "float64" && !double ? "float32" : dtype, device } as CreateOptions;
      return [name, shape.length === 0 ? full([], out[0]!, where) : tensor(out, { shape, ...where })] as const;
    }),
  );
  return { tensors, metadata };
}
