// safetensors: the format that PyTorch users exchange weights in. Written as the official writer does, read strictly.
import "../kits/core.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { type CreateOptions, full, tensor } from "../create.ts";
import { type DeviceName, deviceNamed } from "../device.ts";
import { Tensor } from "../tensor.ts";
import { asBytes, decoded, formats } from "./formats.ts";
import { longestName, malformed, readHeader } from "./header.ts";

export type TensorDict = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/**
 * The file's bytes: header, then tensors by descending element width and name. Values are read from the GPU where they are.
 * `metadata` joins {format: "pt"}, which loaders of PyTorch models insist on. Errors: ArgumentError for values that are no tensors.
 */
export async function saveSafetensors(
  dict: TensorDict,
  options: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { metadata } = under("saveSafetensors", () => parse([options], {}, { metadata: {} as Readonly<Record<string, string>> }));
  const refuse = (what: string): never => {
    throw new ArgumentError(what, "", "saveSafetensors");
  };
  if (typeof dict !== "object" || !(dict as TensorDict | null)) refuse(`got ${String(dict)} for a dict of tensors`);
  const named = dict instanceof Map ? [...(dict as ReadonlyMap<string, Tensor>)] : Object.entries(dict as Readonly<Record<string, Tensor>>);
  const items = named.map(([name, t]) => {
    if (!(t instanceof Tensor)) refuse(`${name} is ${typeof t}, not a tensor`);
    if (name === "__metadata__" || name === "__proto__" || name.length > longestName)
      refuse(`the name ${name.slice(0, 40)} is not allowed`);
    const [format, [type]] = Object.entries(formats).find(([, [, dtype]]) => dtype === t.dtype)!;
    return { name, t, format, width: type.BYTES_PER_ELEMENT };
  });
  for (const [key, value] of Object.entries(metadata)) if (typeof value !== "string") refuse(`${key} in metadata is no string`);
  items.sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : 1));
  let size = 0;
  const entries = items.map(({ name, t, format, width }) => ({
    [name]: { dtype: format, shape: t.shape, data_offsets: [size, (size += t.size * width)] },
  }));
  // An object for each, because a single one would put numeric names first.
  const parts = [{ __metadata__: { format: "pt", ...metadata } }, ...entries].map((entry) => JSON.stringify(entry).slice(1, -1));
  const head = new TextEncoder().encode(`{${parts.join()}}`);
  let at = 8 + Math.ceil(head.length / 8) * 8;
  const bytes = new Uint8Array(at + size);
  new DataView(bytes.buffer).setUint32(0, at - 8, true);
  bytes.fill(0x20, 8, at).set(head, 8);
  for (const values of await Promise.all(items.map(({ t }) => t.data()))) {
    // Every machine that runs this orders bytes as the file does.
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/** What a file holds, without making tensors: shapes, dtypes and metadata. Errors: FormatError for malformed files. */
export function inspectSafetensors(bytes: Uint8Array | ArrayBuffer): {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
} {
  const { entries, metadata } = readHeader(asBytes(bytes, malformed));
  return { metadata, tensors: entries.map(({ name, dtype, shape }) => ({ name, dtype, shape })) };
}

/**
 * The tensors of a file by name, in the file's order. Half and bfloat16 become float32, 64-bit integers int32 when they fit; float64 stays on the CPU only.
 * `device` is where they go (default: the one in use). Errors: FormatError for everything the format forbids, before any tensor is made.
 */
export function loadSafetensors(bytes: Uint8Array | ArrayBuffer, options: { readonly device?: DeviceName } = {}): Record<string, Tensor> {
  return under("loadSafetensors", () => {
    const { device } = parse([options], {}, { device: undefined as DeviceName | undefined });
    const data = asBytes(bytes, malformed);
    const { entries, start } = readHeader(data);
    const double = deviceNamed(device).supports("float64");
    // Everything is decoded, and so checked, before the first tensor exists.
    const all = entries.map(({ name, dtype, shape, begin, end }) => {
      const format = formats[dtype]!;
      const refuse = (what: string): never => malformed(`${name} of ${dtype}: ${what}`);
      return { name, shape, out: decoded(data.subarray(start + begin, start + end), format, refuse), dtype: format[1] };
    });
    const dict = Object.create(null) as Record<string, Tensor>;
    for (const { name, shape, out, dtype } of all) {
      const where = { dtype: dtype === "float64" && !double ? "float32" : dtype, device } as CreateOptions;
      dict[name] = shape.length === 0 ? full([], out[0]!, where) : tensor(out, { shape, ...where });
    }
    return dict;
  });
}
