/** The result file: what is measured, under which conditions. */
import type { Agreement } from "./digest.ts";
import type { AdapterFacts, Roofline } from "./contestant.ts";
import type { CallReport, FirstStep } from "./driver.ts";
import type { WorkloadId } from "./workloads.ts";

/** One cell of the table. */
export type Cell =
  | {
      readonly status: "ok";
      readonly medianMs: number;
      readonly minMs: number;
      readonly maxMs: number;
      /** Milliseconds per iteration of every round. */
      readonly samples: number[];
      readonly iterations: number;
      readonly difference: number;
      /** Share of the limit that binds: arithmetic or compulsory traffic; only on WebGPU. */
      readonly rooflineShare?: number;
    }
  | { readonly status: "wrong"; readonly agreement: Agreement }
  | { readonly status: "failed"; readonly message: string }
  | { readonly status: "absent" };

/** Bytes after minification, gzipped; the WebAssembly binary apart. */
export interface SizeReport {
  readonly js: number;
  readonly wasm: number;
}

/** Everything one run found. */
export interface BenchResults {
  readonly date: string;
  readonly commit: string;
  readonly host: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly node: string;
    readonly browser: string;
  };
  readonly adapter: AdapterFacts | null;
  readonly versions: Record<string, string>;
  readonly rounds: number;
  /** Best of the measurements made before and after the workloads. */
  roofline: Roofline | null;
  readonly workloads: Partial<Record<WorkloadId, Record<string, Cell>>>;
  readonly calls: Partial<Record<WorkloadId, Record<string, CallReport>>>;
  readonly firstStep: Record<string, FirstStep>;
  sizes: Record<string, SizeReport>;
}

/** Middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? NaN) + upper) / 2;
}
