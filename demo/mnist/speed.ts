// How fast a training goes, over its last few steps.

/** Steps that count: enough to be steady, few enough to follow a change. */
const WINDOW = 30;

/**
 * Samples per second, by a clock in milliseconds that the caller reads. Steps settle in bursts, several in one turn of the
 * event loop, so time counts from where work began and never from the first step that settled.
 */
export class Speed {
  #since = 0;
  #settled: { readonly at: number; readonly count: number }[] = [];

  /** Work begins now, with no step under way. */
  begin(now: number): void {
    this.#since = now;
    this.#settled = [];
  }

  /** A step over `count` samples has settled. */
  settle(now: number, count: number): void {
    this.#settled.push({ at: now, count });
    if (this.#settled.length > WINDOW) this.#since = this.#settled.shift()!.at;
  }

  /** NaN before the first step has settled. */
  get perSecond(): number {
    const last = this.#settled.at(-1);
    if (last === undefined || last.at <= this.#since) return NaN;
    return (1000 * this.#settled.reduce((sum, { count }) => sum + count, 0)) / (last.at - this.#since);
  }
}
