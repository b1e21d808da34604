// Small pictures on 2D canvases: digits, filters, activation maps. Colours come from tables: thousands of pixels are painted per look.
import type { Stack } from "../mnist/model-names.ts";
import type { Pictures } from "./protocol.ts";

type Colour = readonly [number, number, number];

/** A table of `size` colours in the byte order of ImageData. */
function palette(size: number, at: (t: number) => Colour): Uint32Array {
  const bytes = new Uint8Array(4 * size);
  for (let i = 0; i < size; i++) bytes.set([...at(i / (size - 1)), 255], 4 * i);
  return new Uint32Array(bytes.buffer);
}

const mix = (from: Colour, to: Colour, t: number): Colour => {
  const at = (k: 0 | 1 | 2): number => Math.round(from[k] + (to[k] - from[k]) * t);
  return [at(0), at(1), at(2)];
};

const MIDDLE: Colour = [245, 243, 238];
const BELOW: Colour = [178, 77, 22];
const ABOVE: Colour = [42, 70, 190];
const RAMP: readonly Colour[] = [
  [14, 16, 32],
  [48, 62, 158],
  [124, 146, 240],
  [250, 246, 224],
];

/** White on black, as MNIST comes. */
const GREY = palette(256, (t) => [255 * t, 255 * t, 255 * t]);
/** Orange below the middle, blue above, pale in it. */
const SIGNED = palette(1023, (t) => mix(MIDDLE, t < 0.5 ? BELOW : ABOVE, Math.abs(2 * t - 1)));
/** Dark to light. */
const HEAT = palette(1024, (t) => {
  const k = Math.min(RAMP.length - 2, Math.floor(t * (RAMP.length - 1)));
  return mix(RAMP[k]!, RAMP[k + 1]!, t * (RAMP.length - 1) - k);
});

/** Which colour of a table stands for a value: the one at `offset + scale · value`, or the nearest end. */
interface Shading {
  readonly table: Uint32Array;
  readonly scale: number;
  readonly offset: number;
}

const GREYS: Shading = { table: GREY, scale: 1, offset: 0 };

function highest(values: Float32Array): number {
  let top = 1e-12;
  for (const v of values) top = Math.max(top, v);
  return top;
}

/** Zero is pale, the value farthest from it has the full colour. */
function signedShading(values: Float32Array): Shading {
  let top = 1e-12;
  for (const v of values) top = Math.max(top, Math.abs(v));
  const middle = (SIGNED.length - 1) / 2;
  return { table: SIGNED, scale: middle / top, offset: middle };
}

const heatShading = (top: number): Shading => ({ table: HEAT, scale: (HEAT.length - 1) / top, offset: 0 });

/** A canvas in memory that the page itself writes: no picture waits for the graphics process, which is busy training. */
function put(canvas: HTMLCanvasElement, image: ImageData): void {
  if (canvas.width !== image.width || canvas.height !== image.height) [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d", { willReadFrequently: true })!.putImageData(image, 0, 0);
}

/** The colour for a value that may be anything, also NaN. */
const shade = ({ table, scale, offset }: Shading, value: number): number =>
  table[Math.min(table.length - 1, Math.max(0, Math.round(offset + scale * value)))] ?? table[0]!;

/** White on black, as MNIST comes. `pixels` are bytes. */
export function paintDigit(canvas: HTMLCanvasElement, pixels: ArrayLike<number>, side: number): void {
  const image = new ImageData(side, side);
  const out = new Uint32Array(image.data.buffer);
  for (let i = 0; i < out.length; i++) out[i] = shade(GREYS, pixels[i] ?? 0);
  put(canvas, image);
}

const COLUMNS = 8;
/** Width of a tile on its sheet: a whole number of canvas pixels per value, about so many in all. */
const TILE = 64;
/** Gap and corner as parts of a tile, which is at most 6 rem wide on the page. */
const GAP = 0.4 / 6;
const CORNER = 0.25 / 6;

/** Pictures of one size side by side on one canvas: to the browser, sixteen canvases are sixteen layers to prepare for every frame. */
class Sheet {
  readonly columns: number;
  readonly #image: ImageData;
  readonly #out: Uint32Array;
  readonly #zoom: number;
  readonly #step: readonly [number, number];

  constructor({ count, height, width }: Omit<Pictures, "values">) {
    this.columns = Math.max(1, Math.min(count, COLUMNS));
    this.#zoom = Math.max(1, Math.round(TILE / width));
    const gap = Math.round(width * this.#zoom * GAP);
    this.#step = [width * this.#zoom + gap, height * this.#zoom + gap];
    const rows = Math.max(1, Math.ceil(count / this.columns));
    this.#image = new ImageData(this.columns * this.#step[0] - gap, rows * this.#step[1] - gap);
    this.#out = new Uint32Array(this.#image.data.buffer);
  }

  /** The sheet at its size, with nothing on it. */
  blank(canvas: HTMLCanvasElement): void {
    put(canvas, this.#image);
  }

  paint(canvas: HTMLCanvasElement, { count, height, width, values }: Pictures, signed: boolean): void {
    const heat = heatShading(highest(values));
    for (let k = 0; k < count; k++) {
      const picture = values.subarray(k * height * width, (k + 1) * height * width);
      this.#tile(k, picture, [width, height], signed ? signedShading(picture) : heat);
    }
    put(canvas, this.#image);
  }

  #tile(k: number, values: Float32Array, [width, height]: readonly [number, number], shading: Shading): void {
    const [out, zoom, line] = [this.#out, this.#zoom, this.#image.width];
    const corner = Math.floor(k / this.columns) * this.#step[1] * line + (k % this.columns) * this.#step[0];
    for (let y = 0; y < height; y++) {
      const start = corner + y * zoom * line;
      for (let x = 0; x < width; x++) out.fill(shade(shading, values[y * width + x]!), start + x * zoom, start + (x + 1) * zoom);
      for (let copy = 1; copy < zoom; copy++) out.copyWithin(start + copy * line, start, start + width * zoom);
    }
    const [right, bottom] = [width * zoom - 1, height * zoom - 1];
    const radius = width * zoom * CORNER;
    for (let y = 0; y < radius; y++)
      for (let x = 0; x < radius; x++)
        if (Math.hypot(radius - x - 0.5, radius - y - 0.5) > radius)
          for (const at of [y * line + x, y * line + right - x, (bottom - y) * line + x, (bottom - y) * line + right - x])
            out[corner + at] = 0;
  }
}

/** A titled row of pictures that is made once, with the room that it will need, and repainted. */
export class TileRow {
  readonly element = document.createElement("div");
  readonly #canvas = document.createElement("canvas");
  readonly #sheet: Sheet;
  readonly #signed: boolean;

  constructor([name, count, height, width]: Stack, signed: boolean) {
    const title = document.createElement("h3");
    title.textContent = `${count} ${name}, ${height} × ${width}`;
    this.#sheet = new Sheet({ count, height, width });
    this.#signed = signed;
    this.#canvas.className = "sheet";
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#canvas.style.setProperty("--columns", String(this.#sheet.columns));
    this.#sheet.blank(this.#canvas);
    this.element.append(title, this.#canvas);
  }

  show(pictures: Pictures): void {
    this.#sheet.paint(this.#canvas, pictures, this.#signed);
  }
}
