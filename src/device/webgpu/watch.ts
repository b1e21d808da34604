// Waiting with a limit: every answer a device owes is awaited here, so that one that never comes is told by name.
import { DeviceError } from "../../base/errors.ts";

/** How long a device may owe an answer without giving any. An object, so that tests can be impatient. */
export const patience = { seconds: 30 };

/** Awaits an answer from that call. Errors: DeviceError after `patience` without any progress; whatever the answer rejects with. */
export type Watch = <T>(answer: PromiseLike<T>, from: string, op?: string) => Promise<T>;

interface Wait {
  readonly since: number;
  readonly fail: (error: Error) => void;
  readonly what: string;
  readonly op: string;
}

const rounds = 10;

/**
 * The waits on one device: any answer restarts the limit of all. Time is counted in turns of a timer rather than read from the clock:
 * neither a machine that slept nor a long synchronous stretch of the page is held against the device. `gone` ends them all.
 */
export function watchOf(gone?: Promise<Error>): Watch {
  const waits = new Set<Wait>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let round = 0;
  let lastAnswer = 0;
  let dead: Error | undefined;

  function start(): void {
    timer = setTimeout(
      () => {
        round++;
        for (const wait of waits)
          if (round - Math.max(wait.since, lastAnswer) >= rounds)
            wait.fail(new DeviceError(`no answer from ${wait.what} for ${patience.seconds} s`, "the GPU or its driver hangs", wait.op));
        if (waits.size > 0) start();
        else timer = undefined;
      },
      (patience.seconds * 1000) / rounds,
    );
  }

  function leave(wait: Wait): void {
    waits.delete(wait);
    if (waits.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
  }

  void gone?.then((error) => {
    dead = error;
    for (const wait of waits) wait.fail(error);
  });

  return (answer, what, op = "webgpu") =>
    new Promise((resolve, reject) => {
      if (dead) {
        // Nobody waits for this answer any more, but its rejection must not stay unhandled.
        answer.then(undefined, () => undefined);
        return reject(dead);
      }
      const end =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          lastAnswer = round;
          leave(wait);
          settle(value);
        };
      const fail = (error: Error): void => {
        leave(wait);
        reject(error);
      };
      const wait: Wait = { since: round, fail, what, op };
      waits.add(wait);
      if (timer === undefined) start();
      answer.then(end(resolve), end(reject));
    });
}
