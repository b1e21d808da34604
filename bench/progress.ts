/** One line of progress: rewritten in place on a terminal, one line per stage elsewhere. */
import { stderr } from "node:process";

/** Says what is being done and how long the run has taken. */
export class Progress {
  readonly #begin = performance.now();
  #stage = "";

  /** Names a new stage of the run. */
  stage(text: string): void {
    this.#stage = text;
    if (stderr.isTTY) this.detail("");
    else stderr.write(`${this.#clock()} ${text}\n`);
  }

  /** Names a step within the stage; only shown on a terminal. */
  detail(text: string): void {
    if (!stderr.isTTY) return;
    const line = `${this.#clock()} ${this.#stage}${text === "" ? "" : `: ${text}`}`;
    stderr.write(`\r\x1b[2K${line.slice(0, Math.max(20, (stderr.columns ?? 80) - 1))}`);
  }

  /** Clears the line. */
  end(): void {
    if (stderr.isTTY) stderr.write("\r\x1b[2K");
  }

  #clock(): string {
    const seconds = Math.round((performance.now() - this.#begin) / 1000);
    return `[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}]`;
  }
}
