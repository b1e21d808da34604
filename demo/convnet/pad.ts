// The drawing pad: strokes on a canvas, brought to the size, place and weight of an MNIST digit.

export const SIDE = 28;
/** 784 values from 0 to 1, in memory of their own. */
export type Digit = Float32Array<ArrayBuffer>;
const BOX = 20;
const INK = 22;

/** Side and centre of what is drawn. */
interface Extent {
  readonly left: number;
  readonly top: number;
  readonly size: number;
}

/** Area average of `source` under each of the `side`² cells of a square window. */
function shrink(source: Float32Array, width: number, { left, top, size }: Extent, side: number): Digit {
  const out = new Float32Array(side * side);
  const cell = size / side;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      let [sum, n] = [0, 0];
      for (let v = Math.floor(top + y * cell); v < Math.max(Math.floor(top + y * cell) + 1, Math.floor(top + (y + 1) * cell)); v++)
        for (
          let u = Math.floor(left + x * cell);
          u < Math.max(Math.floor(left + x * cell) + 1, Math.floor(left + (x + 1) * cell));
          u++, n++
        )
          if (u >= 0 && v >= 0 && u < width && v < width) sum += source[v * width + u]!;
      out[y * side + x] = n > 0 ? sum / n : 0;
    }
  return out;
}

/**
 * A drawing of width² values from 0 to 1 as 28² values: fitted into 20 × 20, its centre of mass in the middle.
 * Source: how MNIST itself was prepared (LeCun, Cortes, Burges).
 */
export function normaliseDrawing(drawing: Float32Array, width: number): Digit {
  const out = new Float32Array(SIDE * SIDE);
  let [x0, y0, x1, y1] = [width, width, -1, -1];
  for (let i = 0; i < drawing.length; i++) {
    if (drawing[i]! < 0.1) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
  }
  if (x1 < 0) return out;
  const size = Math.max(x1 - x0, y1 - y0) + 1;
  const window = { left: (x0 + x1 + 1 - size) / 2, top: (y0 + y1 + 1 - size) / 2, size };
  const box = shrink(drawing, width, window, BOX);
  let [mass, mx, my] = [0, 0, 0];
  box.forEach((v, i) => {
    mass += v;
    mx += v * (i % BOX);
    my += v * Math.floor(i / BOX);
  });
  const [dx, dy] = [Math.round(SIDE / 2 - 0.5 - mx / mass), Math.round(SIDE / 2 - 0.5 - my / mass)];
  box.forEach((v, i) => {
    const [x, y] = [(i % BOX) + dx, Math.floor(i / BOX) + dy];
    if (x >= 0 && y >= 0 && x < SIDE && y < SIDE) out[y * SIDE + x] = v;
  });
  return out;
}

/** Turns pointer strokes into digits and tells `onDigit` after each movement. */
export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #onDigit: (pixels: Digit) => void;
  #last: readonly [number, number] | undefined;
  #drawn = false;
  #queued = false;

  constructor(canvas: HTMLCanvasElement, onDigit: (pixels: Digit) => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { willReadFrequently: true })!;
    this.#onDigit = onDigit;
    this.clear(false);
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      if (!this.#drawn) this.clear(false);
      this.#drawn = true;
      this.#last = this.#place(event);
      this.#line(this.#last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.#last) return;
      for (const part of event.getCoalescedEvents?.() ?? [event]) this.#line(this.#place(part));
    });
    for (const end of ["pointerup", "pointercancel"] as const) canvas.addEventListener(end, () => (this.#last = undefined));
  }

  /** An empty pad; `tell` reports the empty digit. */
  clear(tell = true): void {
    this.#context.fillStyle = "#000";
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#drawn = false;
    if (tell) this.#onDigit(new Float32Array(SIDE * SIDE));
  }

  /** Puts a digit on the pad; the next stroke begins a new drawing. */
  show(pixels: Uint8Array): void {
    this.clear(false);
    const image = new ImageData(SIDE, SIDE);
    pixels.forEach((v, i) => image.data.set([v, v, v, 255], 4 * i));
    const small = new OffscreenCanvas(SIDE, SIDE);
    small.getContext("2d")!.putImageData(image, 0, 0);
    this.#context.imageSmoothingEnabled = false;
    this.#context.drawImage(small, 0, 0, this.#canvas.width, this.#canvas.height);
    this.#onDigit(Float32Array.from(pixels, (v) => v / 255));
  }

  #place(event: PointerEvent): readonly [number, number] {
    const box = this.#canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * this.#canvas.width) / box.width, ((event.clientY - box.top) * this.#canvas.height) / box.height];
  }

  #line(to: readonly [number, number]): void {
    const from = this.#last ?? to;
    const context = this.#context;
    context.strokeStyle = "#fff";
    context.lineWidth = INK;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    this.#last = to;
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame(() => {
      this.#queued = false;
      this.#onDigit(this.#digit());
    });
  }

  #digit(): Digit {
    const { width, height } = this.#canvas;
    const { data } = this.#context.getImageData(0, 0, width, height);
    const grey = new Float32Array(width * height);
    for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i]! / 255;
    return normaliseDrawing(grey, width);
  }
}
