/** Contestants in Node processes on Dawn: for machines with a GPU and no browser. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BuiltFiles } from "./build.ts";
import { CALL_MS, within } from "./host.ts";
import type { Host, Stage } from "./host.ts";

/** A driver call on its way to a process. */
export interface Request {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Its answer, or an error that nobody asked for when `id` is −1. */
export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

function launch(base: string): Host {
  const child: ChildProcess = fork(fileURLToPath(new URL("./node-child.ts", import.meta.url)), [base], { execArgv: ["--import", "tsx"] });
  const errors: string[] = [];
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  child.on("message", (message) => {
    const { id, value, error } = message as Reply;
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) caller?.resolve(value);
    else if (caller === undefined) errors.push(error);
    else caller.reject(new Error(error));
  });
  child.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the process ended with code ${code}`));
    waiting.clear();
  });
  return {
    version: `Node ${process.versions.node}`,
    call(method, args, timeoutMs = CALL_MS) {
      const id = next++;
      const work = new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, method, args } satisfies Request, (error) => {
          if (error !== null) reject(error);
        });
      });
      return within(work, timeoutMs, method) as Promise<never>;
    },
    takeErrors: () => errors.splice(0),
    close: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once("exit", () => resolve());
        child.kill();
      }),
  };
}

/** Puts the built files where processes can import them. */
export async function nodeStage(files: BuiltFiles): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "wengert-bench-"));
  for (const [path, body] of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, body);
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const base = pathToFileURL(folder).href;
  return { launch: async () => launch(base), close: () => rm(folder, { recursive: true }) };
}
