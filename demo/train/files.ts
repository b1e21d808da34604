// Writes that leave either the whole file or nothing: first under a temporary name, then renamed.
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A folder or file that cannot be written; the message is one line for the terminal. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

const because = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "the file system is read-only",
    ENOSPC: "no space left",
    ENOTDIR: "a part of the path is a file",
    EEXIST: "a file of this name is there",
    ENOENT: "nothing can be made there",
  };
  return known[code ?? ""] ?? message;
};

/** Makes a folder and those above it. Node's own recursion asks for ever where a system folder answers ENOENT, as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** Makes the folder and proves that a file can be written in it, before any training. Errors: OutputError. */
export function prepareFolder(folder: string): void {
  const probe = join(folder, `.wengert-${process.pid}.probe`);
  try {
    makeFolder(folder);
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error("not a folder"), { code: "EEXIST" });
    accessSync(folder, constants.W_OK);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw new OutputError(`cannot write to ${folder}: ${because(error)}`);
  }
}

/** Takes a file away that is no longer needed; it does not matter if it was never there. */
export const discard = (path: string): void => rmSync(path, { force: true });

/** Writes all files: every one complete under a temporary name before the first gets its own. Errors: OutputError, with nothing left behind. */
export function writeAll(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  const waiting = Object.entries(files).map(([name, content]) => ({
    path: join(folder, name),
    part: join(folder, `.${name}.${process.pid}.part`),
    content,
  }));
  let failed: string | undefined;
  try {
    for (const { part, content, path } of waiting) {
      failed = path;
      writeFileSync(part, content);
    }
    for (const { part, path } of waiting) {
      failed = path;
      renameSync(part, path);
    }
  } catch (error) {
    for (const { part } of waiting) rmSync(part, { force: true });
    throw new OutputError(`cannot write ${failed}: ${because(error)}`);
  }
}
