// IDX: the format of the MNIST files, plain or gzipped.
import "../ops/core/index.ts";
import type { TypedArray } from "../base/dtype.ts";
import { FormatError, show, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry, takes } from "../base/reading.ts";
import { productOf } from "../base/shape.ts";
import { tensor } from "../tensor/create.ts";
import type { DeviceLike } from "../tensor/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ArrivingBytes, type Bytes, withBytes } from "./bytes.ts";
import { decoded, type Format, formats } from "./formats.ts";
import { refuseOthers } from "./signatures.ts";

/** Element types by the third byte of the file, from 8 on, under safetensors' names. */
const kinds = ["U8", "I8", undefined, "I16", "I32", "F32", "F64"];
const mostDimensions = 8;
const mostElements = 2 ** 31 - 1;
const longestHeader = 4 + 4 * mostDimensions;

const bad = (what: string): never => {
  throw new FormatError(what);
};

export interface IdxArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: "uint8" | "int32" | "float32" | "float64";
}

/** What the header says: the element type, the shape, where elements begin and where the file ends. */
interface Layout {
  readonly format: Format;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function layoutOf(bytes: Uint8Array): Layout {
  if (bytes.length < 4 || bytes[0] || bytes[1] || !kinds[bytes[2]! - 8]) refuseOthers(bytes, "IDX");
  if (bytes.length < 4 || bytes[0] || bytes[1]) bad(`no IDX file: it starts with ${bytes.subarray(0, 4).join(" ")}`);
  const format = formats[kinds[bytes[2]! - 8] ?? bad(`unknown element type ${bytes[2]}`)]!;
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (rank > mostDimensions || bytes.length < start) bad(`${rank} dimensions in ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const elements = productOf(shape);
  if (elements > mostElements) bad(`shape ${show(shape)} needs ${elements} elements, more than ${mostElements}`);
  return { format, shape, start, end: start + elements * format[0].BYTES_PER_ELEMENT };
}

function arrayIn(bytes: Uint8Array): IdxArray {
  const { format, shape, start, end } = layoutOf(bytes);
  if (bytes.length !== end) bad(`shape ${show(shape)} needs ${end - start} bytes, has ${bytes.length - start}`);
  return { data: decoded(bytes.subarray(start), format, bad, true), shape, dtype: format[1] as IdxArray["dtype"] };
}

const joined = (parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** Unpacks gzip: the header says how much will come, and nothing beyond that is unpacked. */
async function unpacked(op: string, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts: Uint8Array[] = [];
  let total = 0;
  let end: number | undefined;
  try {
    for (let part; (part = (await reader.read()).value);) {
      parts.push(part);
      total += part.length;
      if (total >= longestHeader) end ??= under(op, () => layoutOf(joined(parts, total)).end);
      if (total > end!) throw new FormatError(`unpacks to more than the ${end} bytes that its header asks for`, "", op);
    }
    return joined(parts, total);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw Object.assign(new FormatError(`damaged gzip: ${String(error)}`, "", op), { cause: error });
  } finally {
    // What is left of a stream that failed has nothing more to say.
    reader.cancel().catch(() => undefined);
  }
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const read = async (op: string, file: Bytes | ArrivingBytes): Promise<IdxArray> =>
  withBytes(op, file, (bytes) => (isGzip(bytes) ? unpacked(op, bytes).then((plain) => under(op, () => arrayIn(plain))) : arrayIn(bytes)));

/**
 * Shape and elements of an IDX file, plain or gzipped: bytes, a Blob, File or Response.
 * Errors: FormatError when magic number, sizes and length do not agree, the gzip data is damaged, or it is another kind of file, which is named.
 */
export async function parseIdx(file: Bytes | ArrivingBytes): Promise<IdxArray> {
  takes("parseIdx", arguments, 1);
  return read("parseIdx", file);
}

/** The tensor in an IDX file, plain or gzipped: uint8 for MNIST's images and labels. Errors: as parseIdx. */
export async function loadIdx(file: Bytes | ArrivingBytes, options: { readonly device?: DeviceLike } = {}): Promise<Tensor> {
  const { device } = entry("loadIdx", arguments, 2, () => parse([options], {}, { device: undefined as DeviceLike | undefined }));
  const { data, shape, dtype } = await read("loadIdx", file);
  return tensor(data, { device, shape, dtype });
}
