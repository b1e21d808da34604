// Asks near.ts: in a process that is replaced when a fault hangs or ends it.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Question } from "./near.ts";

const PATIENCE_MS = 120_000;

export interface Near {
  /** What near.ts says; a process that says nothing has failed, and so has shown the fault. */
  ask(question: Question): Promise<Answer>;
  end(): void;
}

export function nearBy(env: NodeJS.ProcessEnv): Near {
  let child: ChildProcess | undefined;
  const answer = (asked: ChildProcess): Promise<Answer> =>
    new Promise((resolve) => {
      const done = (found: Answer): void => {
        clearTimeout(limit);
        for (const event of ["message", "exit"]) asked.removeAllListeners(event);
        resolve(found);
      };
      const limit = setTimeout(() => asked.kill("SIGKILL"), PATIENCE_MS);
      asked.once("message", (found: Answer) => done(found));
      asked.once("exit", () => {
        if (child === asked) child = undefined;
        done({ shownBy: "a process that ended" });
      });
    });
  return {
    async ask(question) {
      if (!child) {
        child = fork(fileURLToPath(new URL("./near.ts", import.meta.url)), { execArgv: process.execArgv, env });
        await answer(child);
      }
      if (!child) throw new Error("near.ts does not start");
      child.send(question);
      return answer(child);
    },
    end: () => void child?.kill(),
  };
}
