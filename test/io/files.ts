// Files made by hand, and the forms in which a caller may hold them.

/** A safetensors file from a header (text, or what JSON makes of it) and data. */
export function safetensorsFile(header: unknown, data: ArrayLike<number> = [], claim?: number): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(claim ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

/** An entry of such a header. */
export const entryOf = (dtype: string, shape: readonly number[], begin: number, end: number): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/** An IDX file. */
export function idxFile(type: number, shape: readonly number[], data: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, type, shape.length]);
  shape.forEach((d, i) => new DataView(bytes.buffer).setUint32(4 + 4 * i, d));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

export const gzipped = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());

/** Text as the bytes of a file; characters up to ÿ are bytes themselves. */
export const latin1 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** As Node's Buffer: slice() gives a window, not a copy. */
class Window extends Uint8Array<ArrayBuffer> {
  override slice(start?: number, end?: number): Window {
    return this.subarray(start, end) as Window;
  }
}

/** The bytes in shared memory, which pages without isolation have from WebAssembly alone. */
export function sharedBytes(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const pages = Math.ceil(bytes.length / 65536) + 1;
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const shared = new Uint8Array(buffer as unknown as SharedArrayBuffer, 0, bytes.length);
  shared.set(bytes);
  return shared;
}

/** The same bytes as windows at an odd place of a larger buffer with other contents, and alone: everything that is at hand at once. */
export function formsOf(bytes: Uint8Array<ArrayBuffer>): [string, ArrayBufferLike | ArrayBufferView][] {
  const alone = bytes.slice().buffer;
  const larger = new Uint8Array(bytes.length + 16).fill(0x5a);
  larger.set(bytes, 3);
  const shared = sharedBytes(bytes);
  // Whole, shared memory comes in pages: it is as long as a file only where its constructor is.
  const whole = "SharedArrayBuffer" in globalThis ? new SharedArrayBuffer(bytes.length) : undefined;
  if (whole) new Uint8Array(whole).set(bytes);
  return [
    ["an ArrayBuffer", alone],
    ...(whole ? [["a SharedArrayBuffer", whole] as [string, ArrayBufferLike]] : []),
    ["a Uint8Array of shared memory", shared],
    ["a Uint8Array", bytes],
    ["a window into a larger buffer", larger.subarray(3, 3 + bytes.length)],
    ["a window whose slice() does not copy", new Window(larger.buffer, 3, bytes.length)],
    ["a DataView", new DataView(larger.buffer, 3, bytes.length)],
    ["an Int8Array", new Int8Array(larger.buffer, 3, bytes.length)],
  ];
}
