// What went wrong on a device: the first error stays, typed, and refuses everything after it.
import { DeviceError, OutOfMemoryError, WengertError } from "../base/errors.ts";

export class Fault {
  error: Error | undefined;

  /** Keeps the first error; `during` names the operators whose commands it met. */
  report(error: Error | GPUError, during: readonly string[] = []): void {
    const running = during.length > 0 ? ` while running ${[...new Set(during)].slice(0, 8).join(", ")}` : "";
    this.error ??=
      error instanceof WengertError
        ? error
        : error instanceof GPUOutOfMemoryError
          ? new OutOfMemoryError("webgpu", `out of memory${running}: ${error.message}`, "use a smaller batch")
          : new DeviceError("webgpu", error.message + running);
  }

  /** Errors: the first one that was reported. */
  check(): void {
    if (this.error) throw this.error;
  }

  /** Reports what the error scope opened last has caught, once that is known. */
  async close(gpu: GPUDevice, during?: readonly string[]): Promise<void> {
    const error = await gpu.popErrorScope().catch(() => null);
    if (error) this.report(error, during);
  }
}
