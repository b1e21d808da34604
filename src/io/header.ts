// The header of a safetensors file, read strictly. Nothing is trusted, nothing allocated for tensors.
import { FormatError, show } from "../base/errors.ts";
import { productOf } from "../base/shape.ts";
import { formats } from "./formats.ts";

export const longestName = 1024;

export interface HeaderEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}
export interface Header {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data section starts. */
  readonly start: number;
}

/** Throws the error of a malformed file. */
export const malformed = (what: string): never => {
  throw new FormatError(what, "", "loadSafetensors");
};
/** Refuses what real models stay far below. */
const limit = (count: number, what: string, most: number): void => {
  if (count > most) malformed(`${count} ${what}, more than ${most}`);
};
/** Refuses a part of the data that is not as long as the header says. */
const fit = (what: string, needed: number, has: number): void => {
  if (has !== needed) malformed(`${what} needs ${needed} bytes, has ${has}`);
};

/**
 * Reads and checks the header against the bytes that follow it: ranges must follow each other without gap or overlap, fit shape and dtype,
 * and end with the file. Errors: FormatError for anything the format does not allow.
 */
export function readHeader(bytes: Uint8Array): Header {
  const available = bytes.byteLength - 8;
  if (available < 0) malformed(`${bytes.byteLength} bytes are too few`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  limit(length, "bytes of header", Math.min(2 ** 24, available));
  const { __metadata__: given = {}, ...tensors } = parsed(bytes.subarray(8, 8 + length));
  const metadata = fieldsOf("__metadata__", given) as Record<string, string>;
  for (const [key, value] of Object.entries(metadata)) if (typeof value !== "string") malformed(`${key} in metadata is no string`);
  const entries = Object.entries(tensors).map(entry);
  limit(entries.length, "tensors", 65536);
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, dtype, shape, begin, end } of entries) {
    fit(`the data before ${name}`, at, begin);
    fit(`${name} of ${dtype} ${show(shape)}`, productOf(shape) * formats[dtype]![0].BYTES_PER_ELEMENT, end - begin);
    at = end;
  }
  fit("the data", at, available - length);
  return { entries, metadata, start: 8 + length };
}

/** JSON that is an object, with no key twice and no numbers but whole ones. JSON.parse by itself would hide both. */
function parsed(bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (error) {
    malformed(`the header is no JSON: ${(error as Error).message}`);
  }
  if (!/^{[^]*} *$/.test(text)) malformed("the header is not {…} and spaces");
  const scopes: Set<string>[] = [];
  for (const [token, string, colon] of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[^\s[\],:\d]/g))
    if (colon) {
      const name = JSON.parse(string!) as string;
      limit(name.length, "characters in a name", longestName);
      if (name === "__proto__") malformed(`the name ${name} is not allowed`);
      if (scopes.at(-1)!.has(name)) malformed(`the header has ${name} twice`);
      scopes.at(-1)!.add(name);
    } else if (token === "{") scopes.push(new Set());
    else if (token === "}") scopes.pop();
    else if (!string) malformed(`the header holds ${token} outside of texts`);
  return json as Record<string, unknown>;
}

const fieldsOf = (name: string, value: unknown): Record<string, unknown> =>
  typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : malformed(`${name} is no object`);

function entry([name, value]: [string, unknown]): HeaderEntry {
  const { dtype, shape, data_offsets: offsets, ...others } = fieldsOf(name, value);
  for (const key of Object.keys(others)) malformed(`${name} has an unknown field ${key}`);
  if (typeof dtype !== "string" || !Array.isArray(shape) || !Array.isArray(offsets) || offsets.length !== 2)
    return malformed(`${name} lacks dtype, shape or two data_offsets`);
  if (!Object.hasOwn(formats, dtype)) malformed(`${name} has unknown dtype ${dtype}`);
  limit(shape.length, `dimensions of ${name}`, 8);
  if (![...shape, ...offsets].every(Number.isSafeInteger)) malformed(`${name} needs whole numbers below 2^53`);
  return { name, dtype, shape: shape as number[], begin: offsets[0] as number, end: offsets[1] as number };
}
