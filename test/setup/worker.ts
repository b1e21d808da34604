// A process that answers questions one at a time, and is replaced when a question ended it.
import { type ChildProcess, fork } from "node:child_process";

export interface WorkerOptions<Question, Answer> {
  /** A script that sends one message when it is ready, and one for every message that it gets. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A process that is silent for so long is ended. */
  readonly patienceMs?: number;
  /** What stands for an answer when the process ended instead. */
  readonly ended: (how: string, question: Question) => Answer;
}

export class Worker<Question extends object, Answer> {
  readonly #options: WorkerOptions<Question, Answer>;
  #child: ChildProcess | undefined;

  constructor(options: WorkerOptions<Question, Answer>) {
    this.#options = options;
  }

  async ask(question: Question): Promise<Answer> {
    const { script, args = [], env = process.env, ended } = this.#options;
    if (!this.#child) {
      this.#child = fork(script, args, { execArgv: process.execArgv, env });
      const ready = await this.#heard(this.#child);
      if ("ended" in ready) throw new Error(`${script} does not start: ended with ${ready.ended}`);
    }
    this.#child.send(question);
    const heard = await this.#heard(this.#child);
    return "ended" in heard ? ended(heard.ended, question) : heard.message;
  }

  end(): void {
    this.#child?.kill();
  }

  /** The next message, or how the process ended before it. */
  #heard(child: ChildProcess): Promise<{ readonly message: Answer } | { readonly ended: string }> {
    const { patienceMs } = this.#options;
    return new Promise((resolve) => {
      const limit = patienceMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), patienceMs);
      const message = (answer: unknown): void => done({ message: answer as Answer });
      const exit = (code: number | null, signal: string | null): void => {
        this.#child = undefined;
        done({ ended: String(code ?? signal) });
      };
      const done = (heard: { readonly message: Answer } | { readonly ended: string }): void => {
        clearTimeout(limit);
        child.off("message", message).off("exit", exit);
        resolve(heard);
      };
      child.once("message", message).once("exit", exit);
    });
  }
}
