/** Facts that a result is worthless without: machine, versions, commit. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { promisify } from "node:util";
import { ROOT } from "./build.ts";
import type { AdapterFacts } from "./contestant.ts";
import type { ContestantInfo } from "./contestants.ts";

const execute = promisify(execFile);

/** Short hash of the checkout, with `+` when it has local changes, `none` outside a repository. */
export async function commitName(): Promise<string> {
  try {
    const { stdout: hash } = await execute("git", ["rev-parse", "--short=10", "HEAD"], { cwd: ROOT });
    const { stdout: changes } = await execute("git", ["status", "--porcelain", "--untracked-files=no"], { cwd: ROOT });
    return hash.trim() + (changes.trim() === "" ? "" : "+");
  } catch {
    return "none";
  }
}

async function versionIn(file: string): Promise<string> {
  const { version } = JSON.parse(await readFile(file, "utf8")) as { version: string };
  return version;
}

/** Versions of the engine and of the packages that the contestants use. */
export async function packageVersions(contestants: readonly ContestantInfo[]): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  if (contestants.some(({ ours }) => ours)) versions["wengert"] = await versionIn(`${ROOT}package.json`);
  for (const name of new Set(contestants.flatMap(({ packages }) => packages))) {
    versions[name] = await versionIn(`${ROOT}node_modules/${name}/package.json`);
  }
  return versions;
}

/** This machine. */
export function hostFacts(browser: string): { cpu: string; cores: number; memoryGiB: number; node: string; browser: string } {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    browser,
  };
}

/** A file name for an adapter: letters, digits and dashes. */
export function adapterSlug(adapter: AdapterFacts | null): string {
  if (adapter === null) return "no-adapter";
  const text = [adapter.vendor, adapter.architecture].filter(Boolean).join("-") || adapter.description || "adapter";
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "adapter"
  );
}
