// IDX: the format of the MNIST files, plain or gzipped.
import "../kits/core.ts";
import type { TypedArray } from "../base/dtype.ts";
import { FormatError, show } from "../base/errors.ts";
import { productOf } from "../base/shape.ts";
import { tensor } from "../create.ts";
import type { DeviceName } from "../device.ts";
import type { Tensor } from "../tensor.ts";
import { asBytes, decoded, formats } from "../io/formats.ts";

/** Element types by the third byte of the file, from 8 on, under safetensors' names. */
const kinds = ["U8", "I8", undefined, "I16", "I32", "F32", "F64"];
/** Nothing that unpacks to more is taken for a data set of this format. */
const largest = 2 ** 30;

const bad = (what: string): never => {
  throw new FormatError(what, "", "loadIdx");
};

/** Unpacks gzip, and stops when more comes out than any IDX file needs. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  try {
    for (let part; (part = (await reader.read()).value); parts.push(part))
      if ((total += part.length) > largest) bad(`unpacks to more than ${largest} bytes`);
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  } catch (error) {
    if (error instanceof FormatError) throw error;
    return bad(`damaged gzip: ${String(error)}`);
  }
}

export interface IdxArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: "uint8" | "int32" | "float32" | "float64";
}

/** Shape and elements of an IDX file. Errors: FormatError when magic number, sizes and length do not agree, or the gzip data is damaged. */
export async function parseIdx(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer): Promise<IdxArray> {
  const given = asBytes(bytes, bad);
  const raw = given[0] === 0x1f && given[1] === 0x8b ? await unpacked(given) : given;
  if (raw.length < 4 || raw[0] || raw[1]) bad(`no IDX file: it starts with ${raw.subarray(0, 4).join(" ")}`);
  const format = formats[kinds[raw[2]! - 8] ?? bad(`unknown element type ${raw[2]}`)]!;
  const rank = raw[3]!;
  const start = 4 + 4 * rank;
  if (rank > 8 || raw.length < start) bad(`${rank} dimensions in ${raw.length} bytes`);
  const view = new DataView(raw.buffer, raw.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = productOf(shape) * format[0].BYTES_PER_ELEMENT;
  if (raw.length - start !== size) bad(`shape ${show(shape)} needs ${size} bytes, has ${raw.length - start}`);
  return { data: decoded(raw.subarray(start), format, bad, true), shape, dtype: format[1] as IdxArray["dtype"] };
}

/** The tensor in an IDX file, plain or gzipped: uint8 for MNIST's images and labels. Errors: as parseIdx. */
export async function loadIdx(
  bytes: Uint8Array<ArrayBuffer> | ArrayBuffer,
  options: { readonly device?: DeviceName } = {},
): Promise<Tensor> {
  const { data, shape, dtype } = await parseIdx(bytes);
  return tensor(data, { ...options, shape, dtype });
}
