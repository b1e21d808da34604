// What the tests of the ports ask of losses.

/** Losses that PyTorch printed, step by step. */
export interface Followed {
  readonly losses: readonly number[];
}

/** The largest relative distance between figures and those expected. */
export const apart = (figures: readonly number[], expected: readonly number[]): number =>
  Math.max(...figures.map((figure, i) => Math.abs(figure - expected[i]!) / Math.abs(expected[i]!)));
