// The header of a safetensors file, read strictly. Nothing is trusted, nothing allocated for tensors.
import { FormatError, show } from "../base/errors.ts";
import { record } from "../base/record.ts";
import { productOf } from "../base/shape.ts";
import { formats } from "./formats.ts";
import { refuseOthers } from "./signatures.ts";

/** What real models stay far below, so that a hostile file costs no more than a large one. */
const mostBytes = 2 ** 24;
const mostTensors = 65536;
const mostDimensions = 8;
const mostElements = 2 ** 31 - 1;
const longestName = 1024;

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
export const malformed = (what: string, remedy?: string): never => {
  throw new FormatError(what, remedy);
};
const limit = (count: number, what: string, most: number): void => {
  if (count > most) malformed(`${count} ${what}, more than ${most}`);
};
/** Refuses a part of the data that is not as long as the header says. */
const fit = (what: string, needed: number, has: number, remedy?: string): void => {
  if (has !== needed) malformed(`${what} needs ${needed} bytes, has ${has}`, remedy);
};
const cut = "the file is cut short";

/** Throws by `refuse` for a name that no file can hold, here or in other readers of the format. */
export function checkName(name: string, refuse: (what: string) => never): void {
  if (name.length > longestName) refuse(`${name.length} characters in a name, more than ${longestName}`);
  // Half a surrogate pair is no Unicode text; the other one is how objects name their prototype, also on a dotted path.
  if (/\p{Surrogate}|(^|\.)__proto__(\.|$)/u.test(name)) refuse(`the name ${JSON.stringify(name.slice(0, 40))} is not allowed`);
}
/** Throws by `refuse` for a header that no reader would take. */
export function checkExtent(bytes: number, tensors: number, refuse: (what: string) => never): void {
  if (bytes > mostBytes) refuse(`${bytes} bytes of header, more than ${mostBytes}`);
  if (tensors > mostTensors) refuse(`${tensors} tensors, more than ${mostTensors}`);
}

/**
 * Reads and checks the header against the bytes that follow it: ranges must follow each other without gap or overlap, fit shape and dtype,
 * and end with the file. Errors: FormatError for anything the format does not allow, and for other kinds of files.
 */
export function readHeader(bytes: Uint8Array): Header {
  const available = bytes.byteLength - 8;
  const length = available < 0 ? Infinity : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > mostBytes || bytes[8] !== 0x7b) refuseOthers(bytes, "safetensors");
  if (available < 0) malformed(`${bytes.byteLength} bytes are too few`);
  checkExtent(length, 0, malformed);
  if (length > available) fit("the header", length, available, cut);
  const { entries, metadata } = parsed(bytes.subarray(8, 8 + length));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, dtype, shape, begin, end } of entries) {
    fit(`the data before ${name}`, at, begin);
    fit(`${name} of ${dtype} ${show(shape)}`, productOf(shape) * formats[dtype]![0].BYTES_PER_ELEMENT, end - begin);
    limit(productOf(shape), `elements of ${name}`, mostElements);
    at = end;
  }
  fit("the data", at, available - length, at > available - length ? cut : "");
  return { entries, metadata, start: 8 + length };
}

/** The header's text, of which only what the format allows is JSON: one pass, no deeper than that. */
function parsed(bytes: Uint8Array): { entries: HeaderEntry[]; metadata: Readonly<Record<string, string>> } {
  const text = decodedText(bytes);
  let at = 0;

  const space = (): void => {
    while (" \n\r\t".includes(text[at] ?? "x")) at++;
  };
  const expected = (what: string): never =>
    malformed(`the header holds ${JSON.stringify(text.slice(at, at + 16))} at character ${at}, where ${what} belongs`);
  /** Whether the character comes next; if so, it is behind us. */
  const take = (character: string): boolean => {
    space();
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  const demand = (character: string): void => void (take(character) || expected(character));

  function string(): string {
    const from = at;
    demand('"');
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    demand('"');
    try {
      return JSON.parse(text.slice(from, at)) as string;
    } catch {
      at = from;
      return expected("a text in quotes");
    }
  }
  function whole(): number {
    space();
    const from = at;
    while (/^\d/.test(text[at] ?? "")) at++;
    const digits = text.slice(from, at);
    if (digits === "" || /^0\d/.test(digits) || /^[.eE]/.test(text[at] ?? "")) {
      at = from;
      expected("a whole number");
    }
    if (!Number.isSafeInteger(Number(digits))) malformed(`${digits.slice(0, 40)} is not below 2^53`);
    return Number(digits);
  }
  function list(what: string, most: number): number[] {
    const values: number[] = [];
    demand("[");
    if (take("]")) return values;
    do {
      values.push(whole());
      limit(values.length, what, most);
    } while (take(","));
    demand("]");
    return values;
  }
  function fields(read: (name: string) => void): void {
    const names = new Set<string>();
    demand("{");
    if (take("}")) return;
    do {
      space();
      const name = string();
      checkName(name, malformed);
      if (names.has(name)) malformed(`the header has ${name} twice`);
      names.add(name);
      demand(":");
      space();
      read(name);
    } while (take(","));
    demand("}");
  }
  function entry(name: string): HeaderEntry {
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    fields((field) => {
      if (field === "dtype") dtype = string();
      else if (field === "shape") shape = list(`dimensions of ${name}`, mostDimensions);
      else if (field === "data_offsets") offsets = list(`data_offsets of ${name}`, 2);
      else malformed(`${name} has an unknown field ${field}`);
    });
    if (dtype === undefined || !shape || offsets?.length !== 2) return malformed(`${name} lacks dtype, shape or two data_offsets`);
    if (!Object.hasOwn(formats, dtype)) malformed(`${name} has unknown dtype ${dtype.slice(0, 40)}`);
    return { name, dtype, shape, begin: offsets[0]!, end: offsets[1]! };
  }

  const entries: HeaderEntry[] = [];
  const metadata: [string, string][] = [];
  if (text[0] !== "{") expected("{");
  fields((name) => {
    if (name === "__metadata__") fields((key) => void metadata.push([key, string()]));
    else checkExtent(0, entries.push(entry(name)), malformed);
  });
  // The format pads with spaces and nothing else.
  if (!/^ *$/.test(text.slice(at))) expected("the end");
  return { entries, metadata: record(metadata) };
}

function decodedText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return malformed("the header is no UTF-8 text");
  }
}
