// IDX: the format of the MNIST files, plain or gzipped.
import "../kits/core.ts";
import { hostArray, type TypedArray } from "../base/dtype.ts";
import { FormatError, show } from "../base/errors.ts";
import { sizeOf } from "../base/shape.ts";
import { tensor } from "../create.ts";
import type { DeviceName } from "../device.ts";
import type { Tensor } from "../tensor.ts";
import { type Kind, readElements, widthOf } from "./formats.ts";

/** Element types by the third byte of the file. */
const kinds: Readonly<Record<number, Kind>> = { 8: "Uint8", 9: "Int8", 11: "Int16", 12: "Int32", 13: "Float32", 14: "Float64" };
/** Nothing that unpacks to more is taken for a data set of this format. */
const largest = 2 ** 30;

const bad = (what: string): never => {
  throw new FormatError("loadIdx", what);
};

/** Unpacks gzip, and stops when more comes out than any IDX file needs. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  let total = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>({
    transform(part, controller) {
      if ((total += part.length) > largest) bad(`unpacks to more than ${largest} bytes`);
      controller.enqueue(part as Uint8Array<ArrayBuffer>);
    },
  });
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).pipeThrough(limit);
    return new Uint8Array(await new Response(stream).arrayBuffer());
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
  const given = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  const raw = given[0] === 0x1f && given[1] === 0x8b ? await unpacked(given) : given;
  if (raw.length < 4 || raw[0] !== 0 || raw[1] !== 0) bad(`no IDX file: it starts with ${raw.subarray(0, 4).join(" ")}`);
  const kind = kinds[raw[2]!] ?? bad(`unknown element type ${raw[2]}`);
  const rank = raw[3]!;
  const start = 4 + 4 * rank;
  if (rank > 8 || raw.length < start) bad(`${rank} dimensions in ${raw.length} bytes`);
  const shape = [...new Uint32Array(rank)];
  readElements(raw.subarray(4, start), "Uint32", false, shape);
  const bytesNeeded = sizeOf(shape) * widthOf(kind);
  if (raw.length - start !== bytesNeeded) bad(`shape ${show(shape)} needs ${bytesNeeded} bytes, the file has ${raw.length - start}`);
  if (kind === "Uint8") return { data: raw.slice(start), shape, dtype: "uint8" };
  const dtype = kind === "Float32" ? "float32" : kind === "Float64" ? "float64" : "int32";
  const data = hostArray(dtype, sizeOf(shape));
  readElements(raw.subarray(start), kind, false, data);
  return { data, shape, dtype };
}

/** The tensor in an IDX file, plain or gzipped: uint8 for MNIST's images and labels. Errors: as parseIdx. */
export async function loadIdx(
  bytes: Uint8Array<ArrayBuffer> | ArrayBuffer,
  options: { readonly device?: DeviceName } = {},
): Promise<Tensor> {
  const { data, shape, dtype } = await parseIdx(bytes);
  return tensor(data, { ...options, shape, dtype });
}
