/** The command line of the bench. */
import { parseArgs } from "node:util";
import { CONTESTANTS } from "./contestants.ts";
import type { ContestantInfo } from "./contestants.ts";
import { WORKLOADS } from "./workloads.ts";
import type { WorkloadId } from "./workloads.ts";

/** Parts of the run besides the timed workloads. */
export const EXTRAS = ["calls", "first-step", "sizes"] as const;
type Extra = (typeof EXTRAS)[number];

/** What a run was asked to do. */
export interface Options {
  readonly workloads: readonly WorkloadId[];
  readonly extras: readonly Extra[];
  readonly contestants: readonly ContestantInfo[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly docs: boolean;
  /** Use SwiftShader rather than the adapter the browser would choose. */
  readonly software: boolean;
  /** Node processes on Dawn instead of browsers. */
  readonly node: boolean;
  readonly help: boolean;
}

/** A mistake in the command line; reported in one line, exit code 2. */
export class UsageError extends Error {}

export const USAGE = `Usage: npm run bench -- [options]

Times wengert against other libraries in headless Chromium, contestants interleaved; a time counts only when the results agree.

  --only LIST          workloads or parts, by name: ${[...WORKLOADS, ...EXTRAS].join(" ")}
  --contestants LIST   ${CONTESTANTS.map(({ name }) => name).join(" ")}
  --rounds N           timed rounds per cell (5)
  --quick              two rounds, shorter batches, no sizes
  --hardware           the browser's own adapter instead of the software one
  --node               Node processes on Dawn instead of Chromium
  --docs               also put the tables into docs/benchmarks.md
  --help               this text

LIST is separated by commas. Results go to bench/results/<adapter>.json and, as a table, to the terminal.`;

function listOf<T extends string>(text: string | undefined, allowed: readonly T[], option: string): readonly T[] | undefined {
  if (text === undefined) return undefined;
  const wanted = text.split(",").map((part) => part.trim());
  const unknown = wanted.find((part) => !(allowed as readonly string[]).includes(part));
  if (unknown !== undefined) throw new UsageError(`bench: ${option} does not know "${unknown}" (choose from ${allowed.join(", ")})`);
  return allowed.filter((name) => wanted.includes(name));
}

/** Parses the command line. Errors: UsageError naming the option and the value. */
export function parseOptions(args: readonly string[]): Options {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        only: { type: "string" },
        contestants: { type: "string" },
        rounds: { type: "string" },
        quick: { type: "boolean", default: false },
        hardware: { type: "boolean", default: false },
        node: { type: "boolean", default: false },
        docs: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    const reason = (error as Error).message.split(". ")[0] ?? "";
    throw new UsageError(`bench: ${reason.charAt(0).toLowerCase()}${reason.slice(1)} (see --help)`);
  }
  const rounds = values.rounds === undefined ? (values.quick ? 2 : 5) : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
    throw new UsageError(`bench: --rounds must be a whole number from 1 to 100, got "${values.rounds}"`);
  }
  const only = listOf(values.only, [...WORKLOADS, ...EXTRAS], "--only");
  const names = listOf(
    values.contestants,
    CONTESTANTS.map(({ name }) => name),
    "--contestants",
  );
  const extras = values.quick ? EXTRAS.filter((extra) => extra !== "sizes") : EXTRAS;
  return {
    workloads: only === undefined ? WORKLOADS : WORKLOADS.filter((name) => only.includes(name)),
    extras: only === undefined ? extras : EXTRAS.filter((name) => only.includes(name)),
    contestants: CONTESTANTS.filter(({ name }) => names === undefined || names.includes(name)),
    rounds,
    quick: values.quick,
    docs: values.docs,
    software: !values.hardware,
    node: values.node,
    help: values.help,
  };
}
