/** Where a contestant runs: a browser page or a Node process, each contestant in its own. */
import type { Driver } from "./driver.ts";

/** One contestant's own page or process; every driver call is bounded in time. */
export interface Host {
  readonly version: string;
  /** Calls one driver method there. */
  call<K extends keyof Driver>(method: K, args: Parameters<Driver[K]>, timeoutMs?: number): Promise<Awaited<ReturnType<Driver[K]>>>;
  /** Uncaught errors and console errors since the last call. */
  takeErrors(): string[];
  close(): Promise<void>;
}

/** Makes hosts that can load the built contestants. */
export interface Stage {
  launch(): Promise<Host>;
  close(): Promise<void>;
}

/** How long a driver call may take unless said otherwise. */
export const CALL_MS = 60_000;

/** Rejects when `work` takes longer than `ms`. */
export async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within ${Math.round(ms / 1000)} s`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
