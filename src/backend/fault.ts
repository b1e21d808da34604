// What went wrong on a device: the first error stays, typed, and refuses everything after it.
import { DeviceError, OutOfMemoryError, WengertError } from "../base/errors.ts";

export interface Fault {
  readonly error: Error | undefined;
  /** Resolves with the first error. */
  readonly broken: Promise<Error>;
  /** Keeps the first error; `during` names the operators whose commands it met. */
  report(error: Error | GPUError, during?: readonly string[]): void;
  /** Errors: the first one that was reported. */
  check(): void;
  /** Reports what the error scope opened last has caught, once that is known. */
  close(during: readonly string[]): Promise<void>;
}

/** Collects what goes wrong on a device: nothing so far. */
export function faultOf(gpu: GPUDevice): Fault {
  let first: Error | undefined;
  let tell: (error: Error) => void;
  const broken = new Promise<Error>((resolve) => (tell = resolve));
  const report: Fault["report"] = (error, during = []) => {
    const running = during.length > 0 ? ` while running ${[...new Set(during)].slice(0, 8).join(", ")}` : "";
    first ??=
      error instanceof WengertError
        ? error
        : error instanceof GPUOutOfMemoryError
          ? new OutOfMemoryError(`out of memory${running}: ${error.message}`, "use a smaller batch", "webgpu")
          : new DeviceError(error.message + running, "", "webgpu");
    tell(first);
  };
  return {
    get error() {
      return first;
    },
    broken,
    report,
    check() {
      if (first) throw first;
    },
    async close(during) {
      const error = await gpu.popErrorScope().catch(() => null);
      if (error) report(error, during);
    },
  };
}
