// One line that follows the training: redrawn in place on a terminal, a plain line now and then elsewhere.

import type { Figures } from "../mnist/learner.ts";
import { valueOf, wordsOf } from "./figures.ts";

export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  /** The first is the last to be left out. */
  readonly figures: Figures;
  readonly samplesPerSecond: number;
  readonly secondsLeft: number;
}

export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 80;
const CLEAR = "\r\x1b[2K";
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";

/** Seconds as `0:07`, `12:30` or `1:02:03`. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const s = Math.max(0, Math.round(seconds));
  const [h, m] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
  const tail = `${h > 0 ? String(m).padStart(2, "0") : m}:${String(s % 60).padStart(2, "0")}`;
  return h > 0 ? `${h}:${tail}` : tail;
}

/** What there is to say: figures, speed, remaining time. */
function parts({ figures, samplesPerSecond, secondsLeft }: Progress): { figures: readonly string[]; speed: string; left: string } {
  const speed = Number.isFinite(samplesPerSecond) ? Math.round(samplesPerSecond) : "–";
  return {
    figures: Object.entries(figures).map(([name, value]) => `${wordsOf(name)} ${valueOf(name, value, 1)}`),
    speed: `${speed} samples/s`,
    left: `${clock(secondsLeft)} left`,
  };
}

const GAP = "  ";

/** The line, at most `width` characters: the bar takes what the figures leave; where they do not all fit, whole figures are left out. */
export function progressLine(p: Progress, width: number): string {
  const head = `epoch ${p.epoch}/${p.epochs}`;
  const { figures, speed, left } = parts(p);
  const all = [...figures, speed, left].join(GAP);
  const room = Math.min(30, width - head.length - all.length - 4);
  if (room >= 4) {
    const filled = Math.round((room * p.step) / p.steps);
    return `${head} [${"█".repeat(filled)}${"·".repeat(room - filled)}] ${all}`;
  }
  const fewer = figures.map((_, i) => [head, ...figures.slice(0, figures.length - i)]);
  const lines = [[head, ...figures, speed, left], [head, ...figures, left], ...fewer, figures.slice(0, 1)];
  return lines.map((words) => words.join(GAP)).find((line) => line.length <= width) ?? "";
}

/** Shows progress on a terminal; on a pipe or in a file, ten plain lines per epoch. */
export class ProgressLine {
  readonly #terminal: Terminal;
  #drawn = 0;
  #open = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(p: Progress): void {
    if (!this.#terminal.isTTY) {
      const { figures, speed, left } = parts(p);
      const perEpoch = p.steps / p.epochs;
      const every = Math.max(1, Math.floor(perEpoch / 10));
      if (p.step % every === 0 || p.step === p.steps)
        this.#terminal.write(`${[`step ${p.step}/${p.steps}`, `epoch ${p.epoch}/${p.epochs}`, ...figures, speed, left].join(GAP)}\n`);
      return;
    }
    const now = performance.now();
    if (now - this.#drawn < REDRAW_MS && p.step < p.steps) return;
    this.#drawn = now;
    this.#draw(progressLine(p, this.#room));
  }

  /** Says on a terminal what is going on between the steps; elsewhere nothing. */
  note(text: string): void {
    if (this.#terminal.isTTY) this.#draw(text.slice(0, this.#room));
  }

  /** Takes the line away, so that whatever is printed next starts on an empty one. */
  clear(): void {
    if (this.#open) this.#terminal.write(CLEAR + SHOW_CURSOR);
    this.#open = false;
  }

  get #room(): number {
    return (this.#terminal.columns ?? 80) - 1;
  }

  #draw(text: string): void {
    this.#terminal.write((this.#open ? "" : HIDE_CURSOR) + CLEAR + text);
    this.#open = true;
  }
}
