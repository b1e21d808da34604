// IDX: the format of the MNIST files, plain or gzipped.
import "../kits/core.ts";
import type { TypedArray } from "../base/dtype.ts";
import { FormatError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { tensor } from "../create.ts";
import type { DeviceName } from "../device.ts";
import type { Tensor } from "../tensor.ts";

const kinds: Readonly<
  Record<
    number,
    { readonly width: number; readonly dtype: "uint8" | "int32" | "float32" | "float64"; read(view: DataView, at: number): number }
  >
> = {
  0x08: { width: 1, dtype: "uint8", read: (view, at) => view.getUint8(at) },
  0x09: { width: 1, dtype: "int32", read: (view, at) => view.getInt8(at) },
  0x0b: { width: 2, dtype: "int32", read: (view, at) => view.getInt16(at) },
  0x0c: { width: 4, dtype: "int32", read: (view, at) => view.getInt32(at) },
  0x0d: { width: 4, dtype: "float32", read: (view, at) => view.getFloat32(at) },
  0x0e: { width: 8, dtype: "float64", read: (view, at) => view.getFloat64(at) },
};
/** Nothing that unpacks to more is taken for a data set of this format. */
const largest = 2 ** 30;

const bad = (what: string): never => {
  throw new FormatError("loadIdx", what);
};

/** Unpacks gzip, and stops when more comes out than any IDX file needs. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parts.push(next.value);
      total += next.value.length;
      if (total > largest) {
        await reader.cancel();
        bad(`unpacks to more than ${largest} bytes`);
      }
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    bad(`the gzip data is damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export interface IdxArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: "uint8" | "int32" | "float32" | "float64";
}

/** Shape and elements of an IDX file. Errors: FormatError when magic number, sizes and length do not agree, or the gzip data is damaged. */
export async function parseIdx(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer): Promise<IdxArray> {
  const given = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  const raw = given[0] === 0x1f && given[1] === 0x8b ? await unpacked(given) : given;
  if (raw.length < 4 || raw[0] !== 0 || raw[1] !== 0) bad(`no IDX file: it starts with ${[...raw.subarray(0, 4)].join(" ")}`);
  const kind = kinds[raw[2]!] ?? bad(`unknown element type ${raw[2]}`);
  const rank = raw[3]!;
  if (rank > 8 || raw.length < 4 + 4 * rank) bad(`${rank} dimensions in ${raw.length} bytes`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((n, d) => n * d, 1);
  const start = 4 + 4 * rank;
  if (raw.length - start !== size * kind.width)
    bad(`shape ${show(shape)} needs ${size * kind.width} bytes, the file has ${raw.length - start}`);
  if (kind.width === 1 && kind.dtype === "uint8") return { data: raw.slice(start), shape, dtype: "uint8" };
  const data = kind.dtype === "int32" ? new Int32Array(size) : kind.dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < size; i++) data[i] = kind.read(view, start + i * kind.width);
  return { data, shape, dtype: kind.dtype };
}

/** The tensor in an IDX file, plain or gzipped: uint8 for MNIST's images and labels. Errors: as parseIdx. */
export async function loadIdx(
  bytes: Uint8Array<ArrayBuffer> | ArrayBuffer,
  options: { readonly device?: DeviceName } = {},
): Promise<Tensor> {
  const { device } = parse("loadIdx", [options], {}, { device: undefined as DeviceName | undefined });
  const { data, shape, dtype } = await parseIdx(bytes);
  return tensor(data, { shape, dtype, ...(device === undefined ? {} : { device }) });
}
