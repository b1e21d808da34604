// Who may draw when: a page that draws everything at once holds the visitor up, one panel at a time nobody notices.

/** Calls `run` after a rest and a frame, with the milliseconds that the frame took. */
export type Later = (run: (framed: number) => void, rest: number) => void;

/** The drawing is a task of its own: the frame has styles, layout and paint to do already. A hidden page has no frames. */
const afterFrame: Later = (run, rest) => {
  setTimeout(() => {
    requestAnimationFrame(() => {
      const began = performance.now();
      setTimeout(() => run(performance.now() - began));
    });
  }, rest);
};

/** Rest after a turn, in times of what it took: where drawing is slow, training has the machine more often than the pictures of it. */
const REST = 2;
const LONGEST_REST_MS = 250;

/** Panels wait for a frame each; what a panel was to show before its turn came is skipped. */
export class Turns {
  readonly #waiting = new Map<string, () => void>();
  readonly #later: Later;
  readonly #now: () => number;
  #asked = false;
  #rest = 0;

  constructor(later: Later = afterFrame, now = (): number => performance.now()) {
    this.#later = later;
    this.#now = now;
  }

  /** Draws `panel` when its turn comes. A panel that waits already keeps its place and shows the newer state. */
  ask(panel: string, draw: () => void): void {
    this.#waiting.set(panel, draw);
    if (!this.#asked) this.#askFrame();
  }

  #askFrame(): void {
    this.#asked = true;
    this.#later((framed) => this.#take(framed), this.#rest);
  }

  #take(framed: number): void {
    const [first] = this.#waiting;
    if (first) this.#waiting.delete(first[0]);
    const began = this.#now();
    try {
      first?.[1]();
    } finally {
      // An error in one panel does not end the others.
      this.#rest = Math.min(LONGEST_REST_MS, REST * (framed + this.#now() - began));
      this.#asked = false;
      if (this.#waiting.size > 0) this.#askFrame();
    }
  }
}
