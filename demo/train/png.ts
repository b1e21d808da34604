// Pictures side by side, as a PNG. Source: PNG Specification (W3C 2003), chapters 5 and 11.
import { deflateSync } from "node:zlib";
import type { Pictures } from "../mnist/learner.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
const crc32 = (bytes: Uint8Array): number => ~bytes.reduce((crc, byte) => CRC[(crc ^ byte) & 0xff]! ^ (crc >>> 8), -1) >>> 0;

function chunk(type: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(named.length + 8);
  out.writeUInt32BE(data.length, 0);
  named.copy(out, 4);
  out.writeUInt32BE(crc32(named), named.length + 4);
  return out;
}

/** Shades of grey, a byte each, row by row. */
export function pngOf(width: number, height: number, pixels: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8); // eight bits of grey, not interlaced
  const rows = Buffer.alloc((width + 1) * height); // before each row: it is not filtered
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Pixels of the picture for one of the values. */
const ZOOM = 4;
/** Pixels between the pictures, and their shade. */
const [GAP, GROUND] = [4, 96];

/** Pictures in rows of at most eight. */
export function gridPng({ count, height, width, values }: Pictures): Uint8Array {
  const columns = Math.min(8, count);
  const [stepX, stepY] = [width * ZOOM + GAP, height * ZOOM + GAP];
  const [sizeX, sizeY] = [columns * stepX + GAP, Math.ceil(count / columns) * stepY + GAP];
  const pixels = new Uint8Array(sizeX * sizeY).fill(GROUND);
  for (let i = 0; i < count; i++)
    for (let y = 0; y < height * ZOOM; y++) {
      const at = (GAP + Math.floor(i / columns) * stepY + y) * sizeX + GAP + (i % columns) * stepX;
      const row = (i * height + Math.floor(y / ZOOM)) * width;
      for (let x = 0; x < width * ZOOM; x++)
        pixels[at + x] = Math.round(255 * Math.min(1, Math.max(0, values[row + Math.floor(x / ZOOM)]!)));
    }
  return pngOf(sizeX, sizeY, pixels);
}
