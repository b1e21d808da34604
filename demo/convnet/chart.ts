// A live line chart over steps: one line that gets a point per step, one that gets a point now and then.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

/** Beyond this many points neighbours are averaged in pairs, so that drawing never gets slower. */
const MAX_POINTS = 2048;

/** A series of unbounded length kept in bounded space. */
export class Thinned {
  readonly x: number[] = [];
  readonly y: number[] = [];
  #every = 1;
  #sum = 0;
  #waiting = 0;

  push(x: number, y: number): void {
    this.#sum += y;
    if (++this.#waiting < this.#every) return;
    this.x.push(x);
    this.y.push(this.#sum / this.#waiting);
    this.#sum = this.#waiting = 0;
    if (this.x.length >= MAX_POINTS) this.#halve();
  }

  clear(): void {
    this.x.length = this.y.length = this.#sum = this.#waiting = 0;
    this.#every = 1;
  }

  #halve(): void {
    const half = this.x.length >> 1;
    for (let i = 0; i < half; i++) {
      this.x[i] = this.x[2 * i + 1]!;
      this.y[i] = (this.y[2 * i]! + this.y[2 * i + 1]!) / 2;
    }
    this.x.length = this.y.length = half;
    this.#every *= 2;
  }
}

export interface ChartOptions {
  /** Range of the vertical axis from the data's extremes. */
  readonly range: (low: number, high: number) => [number, number];
  readonly format: (value: number) => string;
}

const darkness = matchMedia("(prefers-color-scheme: dark)");
const colours = new Map<string, string>();
darkness.addEventListener("change", () => colours.clear());

/** A colour of the style sheet. Looked up once: every question to the style engine has it bring all styles up to date. */
function colour(name: string): string {
  const known = colours.get(name) ?? getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  colours.set(name, known);
  return known;
}

/** Draws into `host`, follows its width and the colour scheme. */
export class Chart {
  readonly often = new Thinned();
  readonly seldom = new Thinned();
  readonly #host: HTMLElement;
  readonly #options: ChartOptions;
  #plot: uPlot | undefined;

  constructor(host: HTMLElement, options: ChartOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Shows what was pushed into `often` and `seldom`; the first call makes the axes. */
  draw(): void {
    const a: uPlot.AlignedData = [this.often.x, this.often.y];
    const b: uPlot.AlignedData = [this.seldom.x, this.seldom.y];
    (this.#plot ??= this.#begin()).setData(
      this.seldom.x.length > 0 ? uPlot.join([a, b]) : [a[0], a[1]!, new Array<null>(a[0].length).fill(null)],
    );
  }

  clear(): void {
    this.often.clear();
    this.seldom.clear();
  }

  #begin(): uPlot {
    const { range, format } = this.#options;
    const axis = (size: number, values?: uPlot.Axis.Values): uPlot.Axis => ({
      stroke: () => colour("--soft"),
      font: "12px system-ui, sans-serif",
      grid: { stroke: () => colour("--line"), width: 1 },
      ticks: { show: false },
      gap: 6,
      size,
      ...(values && { values }),
    });
    const plot = new uPlot(
      {
        ...this.#size(),
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 12, 0, 0],
        scales: {
          x: { time: false, range: (_, low, high) => [Math.min(low, 0), Math.max(high, 20)] },
          y: { range: (_, low, high) => range(low ?? 0, high ?? 1) },
        },
        axes: [axis(28), axis(46, (_, ticks) => ticks.map(format))],
        series: [
          {},
          { stroke: () => colour("--accent"), width: 1.25, points: { show: false } },
          { stroke: () => colour("--second"), width: 2, spanGaps: true, points: { show: true, size: 6, fill: () => colour("--second") } },
        ],
      },
      [[], [], []],
      this.#host,
    );
    new ResizeObserver(() => {
      const { width, height } = this.#size();
      if (width !== plot.width || height !== plot.height) plot.setSize({ width, height });
    }).observe(this.#host);
    darkness.addEventListener("change", () => plot.redraw(false));
    return plot;
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(120, this.#host.clientWidth), height: Math.max(120, this.#host.clientHeight) };
  }
}
