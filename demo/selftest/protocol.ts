// What the self-test's page and its worker say to each other.

/** One operator's row, as selfTest() reports it. */
export interface Row {
  readonly name: string;
  readonly samples: number;
  readonly value: number;
  readonly gradient: number;
  readonly second: number;
  readonly ok: boolean;
  readonly failures: readonly string[];
}

export interface Bounds {
  readonly value: number;
  readonly gradient: number;
  readonly second: number;
}

export type DeviceChoice = "auto" | "webgpu" | "cpu";

export interface TestUpdates {
  begun(device: { readonly device: string; readonly name: string; readonly reason?: string }, bounds: Bounds): void;
  tested(row: Row, done: number, total: number): void;
}

export interface TestApi {
  /** Tests every operator on the chosen device; rejects when that device cannot be had, or is lost on the way. */
  run(device: DeviceChoice, updates: TestUpdates): Promise<{ readonly passed: number; readonly failed: number }>;
}
