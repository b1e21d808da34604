// What callers hand in for a file: bytes in any of their forms, or something that has them once it is awaited.
import type { Uint8s } from "../base/dtype.ts";
import { ArgumentError, FormatError, under } from "../base/errors.ts";

/** Bytes at hand: an ArrayBuffer or SharedArrayBuffer, or any view of one (a typed array, a DataView, a Node Buffer) and nothing beyond it. */
export type Bytes = ArrayBufferLike | ArrayBufferView;
/** Bytes on their way: a Blob or File, or a Response as fetch() gives it. */
export type ArrivingBytes = Blob | Response;

/** By tag, since frames, worker contexts and test runners have classes of their own. */
const isBuffer = (x: unknown): x is ArrayBufferLike => /Array ?Buffer]$/.test(Object.prototype.toString.call(x));
const isArriving = (x: unknown): x is ArrivingBytes => typeof (x as Partial<Blob> | null | undefined)?.arrayBuffer === "function";

function refuse(given: unknown): never {
  const kind = given === null ? "null" : typeof given;
  const remedy =
    kind === "string"
      ? "the bytes of the file: await fetch(url), a File, or what readFile gives"
      : typeof (given as Partial<PromiseLike<unknown>> | undefined)?.then === "function"
        ? "await the promise first"
        : "an ArrayBuffer or a view of one, a Blob or a Response";
  throw new ArgumentError(`needs the bytes of a file, got ${kind}`, remedy);
}

/** The bytes as a plain Uint8Array, whose methods copy where those of a subclass do not. Errors: ArgumentError for anything else. */
export function asBytes(given: unknown): Uint8s {
  if (!ArrayBuffer.isView(given) && !isBuffer(given)) return refuse(given);
  const [buffer, offset] = ArrayBuffer.isView(given) ? [given.buffer, given.byteOffset] : [given, 0];
  let bytes: Uint8s;
  try {
    bytes = new Uint8Array(buffer as ArrayBuffer, offset, given.byteLength);
  } catch (error) {
    throw new ArgumentError(`the bytes are gone: ${(error as Error).message}`, "their buffer was transferred");
  }
  // Others may write to shared memory after it was checked.
  return Object.prototype.toString.call(buffer).includes("Shared") ? Uint8Array.from(bytes) : bytes;
}

/** Errors: FormatError for a Response that is no file, and for bytes that stop arriving. */
async function arrived(op: string, given: ArrivingBytes): Promise<Uint8s> {
  const { ok, status, statusText, url } = given as Partial<Response>;
  if (ok === false)
    throw status === 0
      ? new FormatError("the response may not be read by this page", "the server has to allow it (CORS)", op)
      : new FormatError(`the server answered ${status} ${statusText}`.trim(), url && `check ${url}`, op);
  try {
    return new Uint8Array(await given.arrayBuffer());
  } catch (error) {
    throw Object.assign(new FormatError(`the bytes cannot be read: ${String(error)}`, "", op), { cause: error });
  }
}

/** What `read` makes of the bytes, as the entry point `op`: at once when they are at hand, as a promise when they have to arrive. */
export const withBytes = <T>(op: string, given: Bytes | ArrivingBytes, read: (bytes: Uint8s) => T): T | Promise<T> =>
  isArriving(given) ? arrived(op, given).then((bytes) => under(op, () => read(bytes))) : under(op, () => read(asBytes(given)));
