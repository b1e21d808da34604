// Small pictures on 2D canvases: digits, filters, activation maps.
import type { Pictures } from "./protocol.ts";

function paint(canvas: HTMLCanvasElement, width: number, height: number, at: (i: number) => readonly [number, number, number]): void {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = at(i);
    image.data.set([r, g, b, 255], 4 * i);
  }
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

/** White on black, as MNIST comes. `pixels` are bytes. */
export function paintDigit(canvas: HTMLCanvasElement, pixels: ArrayLike<number>, side: number): void {
  paint(canvas, side, side, (i) => [pixels[i] ?? 0, pixels[i] ?? 0, pixels[i] ?? 0]);
}

const mix = (from: readonly number[], to: readonly number[], t: number): [number, number, number] =>
  [0, 1, 2].map((k) => Math.round(from[k]! + (to[k]! - from[k]!) * t)) as [number, number, number];

const MIDDLE = [245, 243, 238];
const BELOW = [178, 77, 22];
const ABOVE = [42, 70, 190];

/** Signed values: orange below zero, blue above, pale at zero. */
export function paintSigned(canvas: HTMLCanvasElement, values: Float32Array, width: number, height: number): void {
  let top = 1e-12;
  for (const v of values) top = Math.max(top, Math.abs(v));
  paint(canvas, width, height, (i) => mix(MIDDLE, values[i]! < 0 ? BELOW : ABOVE, Math.abs(values[i]!) / top));
}

const RAMP = [
  [14, 16, 32],
  [48, 62, 158],
  [124, 146, 240],
  [250, 246, 224],
];

/** Values from 0 up, dark to light. */
export function paintHeat(canvas: HTMLCanvasElement, values: Float32Array, width: number, height: number, top: number): void {
  paint(canvas, width, height, (i) => {
    const t = Math.min(1, Math.max(0, values[i]! / top)) * (RAMP.length - 1);
    const k = Math.min(RAMP.length - 2, Math.floor(t));
    return mix(RAMP[k]!, RAMP[k + 1]!, t - k);
  });
}

const COLUMNS = 8;

/** A titled row of canvases that is made once and repainted. */
export class TileRow {
  readonly element = document.createElement("div");
  readonly #title = document.createElement("h3");
  readonly #tiles = document.createElement("div");

  constructor() {
    this.#tiles.className = "tiles";
    this.element.append(this.#title, this.#tiles);
  }

  show(title: string, { count, height, width, values }: Pictures, signed: boolean): void {
    if (this.#title.textContent !== title) this.#title.textContent = title;
    this.#tiles.style.setProperty("--columns", String(Math.min(count, COLUMNS)));
    while (this.#tiles.children.length > count) this.#tiles.lastElementChild!.remove();
    while (this.#tiles.children.length < count) {
      const canvas = document.createElement("canvas");
      canvas.className = "pixels";
      canvas.setAttribute("aria-hidden", "true");
      this.#tiles.append(canvas);
    }
    const top = values.reduce((high, v) => Math.max(high, v), 1e-12);
    for (const [k, canvas] of [...this.#tiles.children].entries()) {
      const picture = values.subarray(k * height * width, (k + 1) * height * width);
      if (signed) paintSigned(canvas as HTMLCanvasElement, picture, width, height);
      else paintHeat(canvas as HTMLCanvasElement, picture, width, height, top);
    }
  }
}
