// What a run leaves to read: the confusion table for the terminal and the loss curve as SVG.

const dim = (text: string, colour: boolean): string => (colour ? `\x1b[2m${text}\x1b[22m` : text);
const bold = (text: string, colour: boolean): string => (colour ? `\x1b[1m${text}\x1b[22m` : text);

/** `table[truth][guess]` counts, with the share each digit was recognised. */
export function confusionTable(table: readonly (readonly number[])[], colour = false): string {
  const cell = Math.max(3, ...table.flat().map((n) => String(n).length)) + 1;
  const head = `${"".padStart(7)}${table.map((_, guess) => String(guess).padStart(cell)).join("")}${"".padStart(10)}`;
  const rows = table.map((counts, truth) => {
    const total = counts.reduce((sum, n) => sum + n, 0);
    const cells = counts.map((n, guess) => {
      const text = (n === 0 ? "·" : String(n)).padStart(cell);
      return guess === truth ? bold(text, colour) : n === 0 ? dim(text, colour) : text;
    });
    const share = total === 0 ? "" : `${((100 * counts[truth]!) / total).toFixed(1)} %`;
    return `${String(truth).padStart(7)}${cells.join("")}${share.padStart(10)}`;
  });
  return [dim("  digit   recognised as", colour), dim(head.trimEnd(), colour), ...rows].join("\n");
}

export interface Curve {
  readonly title: string;
  readonly losses: readonly number[];
  /** Held-out accuracy after each epoch, 0 to 1. */
  readonly heldOut: readonly number[];
}

const WIDTH = 820;
const HEIGHT = 380;
const PLOT = { left: 64, top: 56, right: 756, bottom: 330 };

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Round steps that divide [0, high] into three to six parts. */
export function ticks(high: number): number[] {
  const raw = high / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? raw;
  return Array.from({ length: Math.floor(high / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Mean over the last few steps, so that the course shows through the noise of single batches. */
function smooth(values: readonly number[], window: number): number[] {
  let sum = 0;
  return values.map((v, i) => {
    sum += v - (i >= window ? values[i - window]! : 0);
    return sum / Math.min(i + 1, window);
  });
}

/** The loss of every step, its running mean, and the held-out accuracy after every epoch, as a standalone SVG. */
export function curveSvg({ title, losses, heldOut }: Curve): string {
  const finite = losses.filter((v) => Number.isFinite(v));
  const high = Math.max(1e-6, ...finite.slice(0, 1), ...smooth(finite, 5));
  const x = (step: number): number => PLOT.left + ((PLOT.right - PLOT.left) * step) / Math.max(1, losses.length);
  const y = (loss: number): number => PLOT.bottom - ((PLOT.bottom - PLOT.top) * Math.min(high, Math.max(0, loss))) / high;
  const path = (values: readonly number[]): string => {
    let started = false;
    return values
      .map((v, i) => {
        if (!Number.isFinite(v)) return "";
        const command = started ? "L" : "M";
        started = true;
        return `${command}${x(i + 1).toFixed(1)} ${y(v).toFixed(1)}`;
      })
      .join("");
  };
  const grid = ticks(high).map(
    (v) =>
      `<path class="grid" d="M${PLOT.left} ${y(v).toFixed(1)}H${PLOT.right}"/><text x="${PLOT.left - 8}" y="${(y(v) + 4).toFixed(1)}" text-anchor="end">${v}</text>`,
  );
  const steps = ticks(losses.length).filter(Number.isInteger);
  const marks = steps.map((s) => `<text x="${x(s).toFixed(1)}" y="${PLOT.bottom + 20}" text-anchor="middle">${s}</text>`);
  const perEpoch = losses.length / Math.max(1, heldOut.length);
  const epochs = heldOut.map((accuracy, i) => {
    const at = x((i + 1) * perEpoch);
    const words = `<text class="accuracy" x="${at.toFixed(1)}" y="${PLOT.top - 10}" text-anchor="middle">${(100 * accuracy).toFixed(1)} %</text>`;
    return `<path class="epoch" d="M${at.toFixed(1)} ${PLOT.top}V${PLOT.bottom}"/>${heldOut.length <= 12 || i === heldOut.length - 1 ? words : ""}`;
  });
  const style =
    "text{font:12px system-ui,sans-serif;fill:#55565c}.title{font-size:14px;font-weight:600;fill:#1b1b1f}.accuracy{fill:#0f766e;font-weight:600}" +
    ".grid{stroke:#e6e4df}.epoch{stroke:#0f766e;stroke-dasharray:2 4}.raw{fill:none;stroke:#b9c3ee}.mean{fill:none;stroke:#3550c8;stroke-width:2}";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escape(title)}</title><style>${style}</style><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text class="title" x="${PLOT.left}" y="24">${escape(title)}</text>`,
    ...grid,
    ...marks,
    ...epochs,
    `<path class="raw" d="${path(losses)}"/><path class="mean" d="${path(smooth(losses, Math.max(1, Math.round(losses.length / 40))))}"/>`,
    `<text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">step; dashed: held-out accuracy after each epoch</text>`,
    `<text transform="translate(16 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">loss</text>`,
    "</svg>\n",
  ].join("\n");
}
