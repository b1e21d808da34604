// Whether operators record the graph. Synchronous by design: a mode must not leak across an await.
import { ArgumentError } from "../base/errors.ts";
import { callable } from "../base/reading.ts";

const modes = { recording: true, anomaly: false };

export const isGradEnabled = (): boolean => modes.recording;
export const isAnomalyEnabled = (): boolean => modes.anomaly;

/** What a function returned. Errors: ArgumentError for a promise, since `op` ends with the call; how that ends is nobody's concern then. */
export function synchronous<T>(op: string, result: T): T {
  if (typeof (result as Partial<PromiseLike<unknown>> | null | undefined)?.then !== "function") return result;
  Promise.resolve(result).catch(() => undefined);
  throw new ArgumentError("the function returned a promise", `await outside of ${op}`, op);
}

function within<T>(op: string, mode: keyof typeof modes, value: boolean, fn: () => T): T {
  callable(op, fn);
  const before = modes[mode];
  modes[mode] = value;
  try {
    return synchronous(op, fn());
  } finally {
    modes[mode] = before;
  }
}

/** Runs fn without recording: results carry no gradient. Nested modes and exceptions restore what was before. */
export const noGrad = <T>(fn: () => T): T => within("noGrad", "recording", false, fn);
/** Runs fn with recording on, also inside noGrad. */
export const enableGrad = <T>(fn: () => T): T => within("enableGrad", "recording", true, fn);
/** Runs fn with recording as given. */
export const setGradEnabled = <T>(enabled: boolean, fn: () => T): T => within("setGradEnabled", "recording", enabled, fn);
/**
 * Runs fn in anomaly mode: nodes remember their call site, and a GradError names that of the first one that gives a gradient with NaN. It is
 * thrown by backward on the CPU, by the next read or sync() on WebGPU. Slower; for finding faults.
 */
export const detectAnomaly = <T>(fn: () => T): T => within("detectAnomaly", "anomaly", true, fn);
