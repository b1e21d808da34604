// What a fault can leave behind besides wrong numbers: waits that last, rejections that nobody hears, memory that nobody gives back.
import { inPage } from "../setup/runtime.ts";

const { setTimeout: sleep, clearTimeout: wake } = globalThis;

/** So many turns without an answer that is due, and nothing will happen any more. */
const idleTurns = 30;

/** A macrotask. */
const turn = (): Promise<void> => new Promise((resolve) => void sleep(resolve, 0));

/** Lets finalisers, rejections and whatever else waits in line have their turn. */
export async function settle(turns = 4): Promise<void> {
  for (let i = 0; i < turns; i++) await turn();
}

/**
 * Runs fn on a clock without patience: timers of a second and more never come by themselves, but all at once when nothing else can happen,
 * which is when `busy` says so for many turns on end. So a limit of half a minute is met at once, and only where something hangs.
 * What still waits when no such timer is left hangs for good: that is thrown.
 */
export async function withoutPatience<T>(busy: () => boolean, fn: () => Promise<T>): Promise<T> {
  const limits = new Map<number, () => void>();
  let last = 1 << 30;
  let over = false;
  const patched = (run: () => void, ms = 0, ...rest: unknown[]): unknown => {
    if (ms < 1000) return (sleep as (...args: unknown[]) => unknown)(run, ms, ...rest);
    limits.set(++last, run);
    return last;
  };
  const unpatched = (id: unknown): void => {
    if (!limits.delete(id as number)) wake(id as number);
  };
  Object.assign(globalThis, { setTimeout: patched, clearTimeout: unpatched });
  const stuck = async (): Promise<never> => {
    for (let idle = 0; !over; await turn()) {
      idle = busy() ? 0 : idle + 1;
      if (idle < idleTurns) continue;
      if (limits.size === 0) throw new Error("hangs");
      // A limit may be made of many shorter waits.
      idle -= 2;
      const due = [...limits.values()];
      limits.clear();
      for (const run of due) run();
    }
    return new Promise(() => undefined);
  };
  try {
    return await Promise.race([fn(), stuck()]);
  } finally {
    over = true;
    Object.assign(globalThis, { setTimeout: sleep, clearTimeout: wake });
  }
}

/** Collects rejections that nobody handles until it is stopped. */
export function watchRejections(): { readonly heard: readonly string[]; stop(): void } {
  const heard: string[] = [];
  const inBrowser = (event: PromiseRejectionEvent): void => void heard.push(String(event.reason));
  const inNode = (reason: unknown): void => void heard.push(String(reason));
  if (inPage) window.addEventListener("unhandledrejection", inBrowser);
  else process.on("unhandledRejection", inNode);
  return {
    heard,
    stop: () => {
      if (inPage) window.removeEventListener("unhandledrejection", inBrowser);
      else process.off("unhandledRejection", inNode);
    },
  };
}
