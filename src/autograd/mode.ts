// Whether operators record the graph. Synchronous by design: a mode must not leak across an await.
import { ArgumentError } from "../base/errors.ts";

let recording = true;
let anomaly = false;

export const isGradEnabled = (): boolean => recording;
export const isAnomalyEnabled = (): boolean => anomaly;

function within<T>(op: string, enabled: boolean, fn: () => T): T {
  const before = recording;
  recording = enabled;
  try {
    const result = fn();
    if (result instanceof Promise)
      throw new ArgumentError(op, "the function returned a promise", "the mode ends when it returns; await outside of it");
    return result;
  } finally {
    recording = before;
  }
}

/** Runs fn without recording: results carry no gradient. Nested modes and exceptions restore what was before. */
export const noGrad = <T>(fn: () => T): T => within("noGrad", false, fn);
/** Runs fn with recording on, also inside noGrad. */
export const enableGrad = <T>(fn: () => T): T => within("enableGrad", true, fn);
/** Runs fn with recording as given. */
export const setGradEnabled = <T>(enabled: boolean, fn: () => T): T => within("setGradEnabled", enabled, fn);

/** Runs fn in anomaly mode: nodes remember their call site, and a NaN gradient names it. Slower; for finding faults. */
export function detectAnomaly<T>(fn: () => T): T {
  const before = anomaly;
  anomaly = true;
  try {
    return fn();
  } finally {
    anomaly = before;
  }
}
