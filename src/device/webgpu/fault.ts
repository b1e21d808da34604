// What goes wrong on a device, typed: caught in scopes of our own, kept until somebody is told. Only a loss refuses everything.
import { DeviceError, OutOfMemoryError, WengertError } from "../../base/errors.ts";
import type { GPUDevice, GPUErrorFilter } from "./names.ts";
import { type Watch, watchOf } from "./watch.ts";

/** What came of calls made inside error scopes. */
export interface Guarded<T> {
  /** What they returned; undefined when one of them threw. */
  readonly made: T | undefined;
  /** What one of them threw. */
  readonly thrown: Error | undefined;
  /** Resolves, once the scopes are closed, with what was thrown or what they caught. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  /** Once closed: false when the device did not say what became of the calls. They may have run. */
  readonly answered: () => boolean;
}

export interface Faults {
  /** Set once the device is lost. */
  readonly lost: Error | undefined;
  /** Resolves with it. */
  readonly gone: Promise<Error>;
  readonly wait: Watch;
  /** Errors: DeviceError on a lost device. */
  check(): void;
  /** Makes `calls` inside error scopes, so that neither our errors reach the application's handler nor its errors ours. */
  guard<T>(op: string, what: () => string, calls: () => T): Guarded<T>;
  /** What is recorded at present: errors of one incident are told together. */
  incident: number;
  /** Keeps an error until somebody is told; once only. */
  note(error: Error, incident: number): Error;
  /** The caller throws this error: it, and what else went wrong in that incident, need not be told again. */
  told(error: Error): Error;
  /** Errors: the first one that nobody was told. */
  raise(): void;
}

const filters = ["validation", "internal", "out-of-memory"] as const;

/** An error of a device as one of ours. */
export function typed(error: unknown, what: string, op: string, filter?: GPUErrorFilter): Error {
  if (error instanceof WengertError) return error;
  const { message = String(error) } = Object(error) as Partial<Error>;
  if (filter === "out-of-memory" || error instanceof RangeError)
    return new OutOfMemoryError(`out of memory in ${what}: ${message}`, "use a smaller batch", op);
  return new DeviceError(`${what}: ${message}`, "", op);
}

/** Watches over a device: nothing has gone wrong so far. */
export function faultsOf(gpu: GPUDevice): Faults {
  const untold = new Map<Error, number>();
  const noted = new WeakSet<Error>();
  let lost: Error | undefined;
  const gone = gpu.lost.then(({ message, reason }) => {
    const remedy = "init() again, then load a saved state: loadStateDict moves its target";
    return (lost = new DeviceError(`on a lost device: ${message || reason}`, remedy, "webgpu"));
  });
  const wait = watchOf(gone);

  function forget(error: Error): void {
    const incident = untold.get(error);
    for (const [other, when] of untold) if (when === incident) untold.delete(other);
  }

  return {
    get lost() {
      return lost;
    },
    gone,
    wait,
    incident: 1,
    check() {
      if (lost) throw lost;
    },
    guard<T>(op: string, what: () => string, calls: () => T): Guarded<T> {
      let made: T | undefined;
      let thrown: Error | undefined;
      let depth = 0;
      let answered = true;
      try {
        for (; depth < filters.length; depth++) gpu.pushErrorScope(filters[depth]!);
        made = calls();
      } catch (error) {
        thrown = typed(error, what(), op);
      }
      const answers: Promise<Error | undefined>[] = [];
      while (depth-- > 0) {
        const filter = filters[depth]!;
        try {
          answers.push(gpu.popErrorScope().then((error) => (error ? typed(error, what(), op, filter) : undefined)));
        } catch (error) {
          answered = false;
          thrown ??= typed(error, what(), op);
        }
      }
      const closed = wait(Promise.all(answers), "popErrorScope", op).then(
        (caught) => thrown ?? caught.find(Boolean),
        (error: unknown) => {
          answered = false;
          return lost ?? thrown ?? typed(error, what(), op);
        },
      );
      return { made: thrown ? undefined : made, thrown, closed, answered: () => answered };
    },
    note(error, incident) {
      // A loss is told by everything from then on.
      if (!noted.has(error) && error !== lost) untold.set(error, incident);
      noted.add(error);
      return error;
    },
    told(error) {
      if (untold.has(error)) forget(error);
      return error;
    },
    raise() {
      for (const error of untold.keys()) {
        forget(error);
        throw error;
      }
    },
  };
}
