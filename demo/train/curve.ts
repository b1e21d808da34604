// The course of a run as SVG.
import type { Figures } from "../mnist/learner.ts";
import { heldOutWords, valueOf, wordsOf } from "./figures.ts";

export interface Curve {
  readonly title: string;
  /** Of every step. */
  readonly losses: readonly Figures[];
  /** After each epoch; the first figure is shown. */
  readonly heldOut: readonly Figures[];
}

const WIDTH = 820;
const HEIGHT = 380;
const PLOT = { left: 64, top: 56, right: 756, bottom: 330 };

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Round numbers from `low` to `high`, about five of them. */
export function ticks(high: number, low = 0): number[] {
  const raw = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? raw;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The powers of ten from `low` to `high`. */
function powers(high: number, low: number): number[] {
  const first = Math.ceil(Math.log10(low));
  return Array.from({ length: Math.floor(Math.log10(high)) - first + 1 }, (_, i) => Number(`1e${first + i}`));
}

/** A value by the step that it belongs to. */
type Point = readonly [step: number, value: number];

/** Mean over the last few points, so that the course shows through the noise of single batches. */
function smooth(points: readonly Point[], window: number): Point[] {
  let sum = 0;
  return points.map(([step, v], i) => {
    sum += v - (i >= window ? points[i - window]![1] : 0);
    return [step, sum / Math.min(i + 1, window)];
  });
}

/** Losses that fall by more than this are drawn on a logarithmic scale. */
const DECADES = 1000;
/** Epochs that are marked at most, so that there is room for their figures. */
const MARKED = 12;

/** Faint and strong colours of the losses, in turn. */
const COLOURS = [
  ["#b9c3ee", "#3550c8"],
  ["#f1c9a5", "#c2570c"],
  ["#d9d9de", "#6b6b75"],
] as const;

/** The losses of every step, their running means, and the held-out figure after every epoch, as a standalone SVG. */
export function curveSvg({ title, losses, heldOut }: Curve): string {
  const names = [...new Set(losses.flatMap((figures) => Object.keys(figures)))];
  const series = names.map((name) => losses.flatMap((figures, i): Point[] => (name in figures ? [[i + 1, figures[name]!]] : [])));
  const finite = series.map((points) => points.filter(([, v]) => Number.isFinite(v)));
  const shown = finite.flatMap((points) => [...points.slice(0, 1), ...smooth(points, 5)].map(([, v]) => v));
  const [least, high] = [shown.reduce((a, b) => Math.min(a, b), Infinity), shown.reduce((a, b) => Math.max(a, b), 1e-6)];
  const log = least > 0 && high > DECADES * least;
  const low = log ? least : Math.min(0, least);
  const scale = (v: number): number => (log ? Math.log10(v) : v);
  const x = (step: number): number => PLOT.left + ((PLOT.right - PLOT.left) * step) / Math.max(1, losses.length);
  const y = (loss: number): number =>
    PLOT.bottom - ((PLOT.bottom - PLOT.top) * (scale(Math.min(high, Math.max(low, loss))) - scale(low))) / (scale(high) - scale(low));
  const path = (points: readonly Point[]): string => {
    let started = false;
    return points
      .map(([step, v]) => {
        if (!Number.isFinite(v)) return "";
        const command = started ? "L" : "M";
        started = true;
        return `${command}${x(step).toFixed(1)} ${y(v).toFixed(1)}`;
      })
      .join("");
  };
  const grid = (log ? powers(high, low) : ticks(high, low)).map(
    (v) =>
      `<path class="grid" d="M${PLOT.left} ${y(v).toFixed(1)}H${PLOT.right}"/><text x="${PLOT.left - 8}" y="${(y(v) + 4).toFixed(1)}" text-anchor="end">${v}</text>`,
  );
  const steps = ticks(losses.length).filter(Number.isInteger);
  const marks = steps.map((s) => `<text x="${x(s).toFixed(1)}" y="${PLOT.bottom + 20}" text-anchor="middle">${s}</text>`);
  const perEpoch = losses.length / Math.max(1, heldOut.length);
  const [watched = "accuracy"] = Object.keys(heldOut[0] ?? {});
  const every = Math.ceil(heldOut.length / MARKED);
  const epochs = heldOut.flatMap((figures, i) => {
    if ((heldOut.length - 1 - i) % every !== 0) return [];
    const at = x((i + 1) * perEpoch).toFixed(1);
    const value = valueOf(watched, figures[watched]!, 1);
    return [
      `<path class="epoch" d="M${at} ${PLOT.top}V${PLOT.bottom}"/>`,
      `<text class="held" x="${at}" y="${PLOT.top - 10}" text-anchor="middle">${value}</text>`,
    ];
  });
  const window = Math.max(1, Math.round(losses.length / 40));
  const colour = (k: number): (typeof COLOURS)[number] => COLOURS[k % COLOURS.length]!;
  const curves = [
    ...series.map((points, k) => `<path class="raw" stroke="${colour(k)[0]}" d="${path(points)}"/>`),
    ...finite.map((points, k) => `<path class="mean" stroke="${colour(k)[1]}" d="${path(smooth(points, window))}"/>`),
  ];
  const legend = names.length === 1 ? [] : names.map((name, k) => `<tspan dx="12" fill="${colour(k)[1]}">${escape(wordsOf(name))}</tspan>`);
  const style =
    "text{font:12px system-ui,sans-serif;fill:#55565c}.title{font-size:14px;font-weight:600;fill:#1b1b1f}.held{fill:#0f766e;font-weight:600}" +
    ".grid{stroke:#e6e4df}.epoch{stroke:#0f766e;stroke-dasharray:2 4}.raw{fill:none}.mean{fill:none;stroke-width:2}";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escape(title)}</title><style>${style}</style><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text class="title" x="${PLOT.left}" y="24">${escape(title)}</text>`,
    ...grid,
    ...marks,
    ...epochs,
    ...curves,
    `<text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">step; dashed: ${escape(heldOutWords(watched))} ${every > 1 ? `every ${every} epochs` : "after each epoch"}</text>`,
    ...(legend.length === 0 ? [] : [`<text x="${PLOT.right}" y="${HEIGHT - 12}" text-anchor="end">${legend.join("")}</text>`]),
    `<text transform="translate(16 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">loss${log ? ", logarithmic" : ""}</text>`,
    "</svg>\n",
  ].join("\n");
}
