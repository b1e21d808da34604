// The header of a safetensors file: a strict reader for the one shape of JSON it may have. Nothing is trusted, nothing allocated for tensors.
import { FormatError } from "../base/errors.ts";

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

/** Bytes per element of every dtype the format knows. */
export const widths: Readonly<Record<string, number>> = {
  F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1,
}; // prettier-ignore

/** Beyond these a file is refused: real models stay far below. */
const limits = { header: 16 * 2 ** 20, tensors: 65536, name: 1024, rank: 8 };
const reserved = new Set(["__proto__", "constructor", "prototype"]);

/** Throws the error of a malformed file. */
export const malformed = (what: string, details: Record<string, unknown> = {}): never => {
  throw new FormatError("loadSafetensors", what, undefined, details);
};

/** Reads and checks the header against the bytes that follow it. Errors: FormatError for anything the format does not allow. */
export function readHeader(bytes: Uint8Array): Header {
  if (bytes.byteLength < 8) malformed(`${bytes.byteLength} bytes are too few for a header length`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > limits.header) malformed(`the header claims ${length} bytes, more than ${limits.header}`);
  if (length < 2 || length > bytes.byteLength - 8)
    malformed(`the header claims ${length} bytes, the file has ${bytes.byteLength - 8} after its length`);
  if (bytes[8] !== 0x7b) malformed("the header does not start with {");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + length));
  } catch {
    return malformed("the header is not UTF-8");
  }
  const { entries, metadata } = new HeaderText(text).read();
  checkRanges(entries, bytes.byteLength - 8 - length);
  return { entries, metadata, start: 8 + length };
}

/** Ranges must follow each other without gap or overlap, fit shape and dtype, and end with the file. */
function checkRanges(entries: readonly HeaderEntry[], available: number): void {
  let at = 0;
  for (const { name, dtype, shape, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const width = Object.hasOwn(widths, dtype) ? widths[dtype]! : malformed(`${name} has unknown dtype ${dtype}`, { name, dtype });
    let size = width;
    for (const d of shape)
      if (!Number.isSafeInteger((size *= d))) malformed(`${name} of shape [${shape.join(", ")}] is too large`, { name, shape });
    if (begin !== at) malformed(`${name} starts at byte ${begin}, expected ${at}`, { name, begin, expected: at });
    if (end < begin || end - begin !== size)
      malformed(`${name} of shape [${shape.join(", ")}] and dtype ${dtype} needs ${size} bytes, its range has ${end - begin}`, { name });
    if (end > available) malformed(`${name} ends at byte ${end}, the data has ${available}`, { name, end, available });
    at = end;
  }
  if (at !== available) malformed(`the tensors take ${at} bytes, the data has ${available}`);
}

/** One pass over the header's text. JSON.parse would hide duplicate keys. */
class HeaderText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): { entries: HeaderEntry[]; metadata: Record<string, string> } {
    const entries: HeaderEntry[] = [];
    let metadata = Object.create(null) as Record<string, string>;
    this.#object("the header", (name) => {
      if (name === "__metadata__") metadata = this.#metadata();
      else {
        if (entries.length >= limits.tensors) malformed(`more than ${limits.tensors} tensors`);
        entries.push(this.#entry(name));
      }
    });
    if (/[^ ]/.test(this.#text.slice(this.#at))) malformed("the header goes on after its closing }, with more than spaces");
    return { entries, metadata };
  }

  #metadata(): Record<string, string> {
    const found = Object.create(null) as Record<string, string>;
    this.#object("__metadata__", (key) => {
      found[key] = this.#string(`the value of ${key} in __metadata__`);
    });
    return found;
  }

  #entry(name: string): HeaderEntry {
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    this.#object(name, (key) => {
      if (key === "dtype") dtype = this.#string(`the dtype of ${name}`);
      else if (key === "shape") shape = this.#integers(`the shape of ${name}`);
      else if (key === "data_offsets") offsets = this.#integers(`the data_offsets of ${name}`);
      else malformed(`${name} has an unknown field ${key}`);
    });
    if (dtype === undefined || !shape || offsets?.length !== 2) return malformed(`${name} lacks dtype, shape or two data_offsets`);
    if (shape.length > limits.rank) malformed(`${name} has ${shape.length} dimensions, more than ${limits.rank}`);
    return { name, dtype, shape, begin: offsets[0]!, end: offsets[1]! };
  }

  /** Calls `member` at the value of each key; keys are checked for sense and for repeats. */
  #object(what: string, member: (key: string) => void): void {
    this.#expect("{", what);
    const seen = new Set<string>();
    if (this.#take("}")) return;
    do {
      const key = this.#string(`a key of ${what}`);
      if (key.length > limits.name) malformed(`a name of ${key.length} characters, more than ${limits.name}`);
      if (reserved.has(key)) malformed(`the name ${key} is not allowed`);
      if (seen.has(key)) malformed(`${what} has ${key} twice`, { name: key });
      seen.add(key);
      this.#expect(":", what);
      member(key);
    } while (this.#take(","));
    this.#expect("}", what);
  }

  #string(what: string): string {
    const token = this.#match(/"(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    try {
      if (token !== undefined) return JSON.parse(token) as string;
    } catch {
      // A raw control character: refused below.
    }
    return malformed(`${what} is no string`);
  }

  #integers(what: string): number[] {
    this.#expect("[", what);
    const list: number[] = [];
    if (this.#take("]")) return list;
    do {
      const token = this.#match(/(?:0|[1-9]\d*)(?![\d.eE])/y);
      const value = token === undefined ? NaN : Number(token);
      if (!Number.isSafeInteger(value)) malformed(`${what} holds something other than whole numbers from 0 to 2^53`);
      list.push(value);
      if (list.length > 64) malformed(`${what} has more than 64 numbers`);
    } while (this.#take(","));
    this.#expect("]", what);
    return list;
  }

  #match(pattern: RegExp): string | undefined {
    this.#space();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
  #space(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }
  #take(mark: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }
  #expect(mark: string, what: string): void {
    if (!this.#take(mark)) malformed(`${what}: expected ${mark} at character ${this.#at} of the header`);
  }
}
