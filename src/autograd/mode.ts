// Whether operators record the graph. Synchronous by design: a mode must not leak across an await.
import { ArgumentError } from "../base/errors.ts";
import { callable, takes } from "../base/reading.ts";

const modes = { recording: true, anomaly: false };

/** Whether operators are recorded now. */
export function isGradEnabled(): boolean {
  takes("isGradEnabled", arguments, 0);
  return modes.recording;
}
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

/**
 * Runs fn without recording: results carry no gradient. Nested modes and exceptions restore what was before.
 * @example
 * const x = tensor([1, 2], { requiresGrad: true });
 * noGrad(() => x.mul(2)).requiresGrad; // → false
 */
export function noGrad<T>(fn: () => T): T {
  takes("noGrad", arguments, 1);
  return within("noGrad", "recording", false, fn);
}
/** Runs fn with recording on, also inside noGrad. */
export function enableGrad<T>(fn: () => T): T {
  takes("enableGrad", arguments, 1);
  return within("enableGrad", "recording", true, fn);
}
/** Runs fn with recording as given. */
export function setGradEnabled<T>(enabled: boolean, fn: () => T): T {
  takes("setGradEnabled", arguments, 2);
  return within("setGradEnabled", "recording", enabled, fn);
}
/**
 * Runs fn in anomaly mode: nodes remember their call site, and a GradError names that of the first one that gives a gradient with NaN. It is
 * thrown by backward on the CPU, by the next read or sync() on WebGPU. Slower; for finding faults.
 */
export function detectAnomaly<T>(fn: () => T): T {
  takes("detectAnomaly", arguments, 1);
  return within("detectAnomaly", "anomaly", true, fn);
}
