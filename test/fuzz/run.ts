// The long run: npx tsx --import ./test/setup/wgsl-loader.mjs test/fuzz/run.ts --programs 100000 --files 1000000 --arguments 100000 --workers 1
// Progress and findings go to runs/fuzz/ (--out); started again with the same --seed it goes on where it stopped.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { Worker } from "../setup/worker.ts";
import { freshSeed } from "./random.ts";

const { values: options } = parseArgs({
  options: {
    programs: { type: "string", default: "0" },
    files: { type: "string", default: "0" },
    arguments: { type: "string", default: "0" },
    profile: { type: "string" },
    workers: { type: "string", default: "1" },
    seed: { type: "string" },
    out: { type: "string", default: "runs/fuzz" },
    /** Set in the processes that do the work. */
    worker: { type: "boolean", default: false },
  },
});

/** A piece of work small enough to be lost. */
interface Portion {
  readonly part: "programs" | "files" | "arguments";
  readonly profile: string;
  readonly from: number;
  readonly count: number;
}
interface Progress {
  readonly seed: number;
  /** Cases done and findings, by part and profile. */
  readonly done: Record<string, number>;
  readonly found: Record<string, number>;
}
interface Answer {
  readonly findings: readonly string[];
}

const portionSizes = { programs: 200, files: 5000, arguments: 1000 } as const;

if (options.worker) await work();
else await lead();

/** In a worker: runs portions as they come. A process of its own, since a fault may end it. */
async function work(): Promise<void> {
  const { installDawn } = await import("../setup/dawn.ts");
  installDawn();
  await import("../../src/index.ts");
  const { init } = await import("../../src/tensor/device.ts");
  const { search, report } = await import("./programs/search.ts");
  const { searchFiles } = await import("./files/search.ts");
  const { searchArguments } = await import("./arguments/search.ts");
  process.on("message", ({ part, profile, from, count, seed }: Portion & { seed: number }) => {
    const run = async (): Promise<readonly string[]> => {
      // Files are the host's work; their targets live where it can look at them at once.
      await init({ device: part === "files" ? "cpu" : "webgpu" });
      if (part === "programs") return (await search(profile, seed, from, count)).map(report);
      return part === "files" ? searchFiles(profile, seed, from, count) : searchArguments(profile, seed, from, count);
    };
    run().then(
      (findings) => process.send!({ findings } satisfies Answer),
      (error: unknown) => process.send!({ findings: [`the search itself failed: ${String((error as Error).stack)}`] } satisfies Answer),
    );
  });
  process.on("disconnect", () => process.exit());
  process.send!({ findings: [] } satisfies Answer);
}

async function lead(): Promise<void> {
  const folder = options.out;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "progress.json");
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Progress) : undefined;
  const given = options.seed === undefined ? undefined : Number(options.seed);
  const progress: Progress =
    before && (given === undefined || given === before.seed) ? before : { seed: given ?? freshSeed(), done: {}, found: {} };
  console.log(`fuzz: seed ${progress.seed}, results in ${folder}`);
  const { profileNames } = await import("./programs/profiles.ts");
  const { formatNames } = await import("./files/formats.ts");
  const profiles = options.profile?.split(",") ?? profileNames;
  const unknown = profiles.find((name) => !profileNames.includes(name));
  if (unknown !== undefined) throw new Error(`fuzz: no profile ${unknown} (${profileNames.join(", ")})`);
  const names = {
    programs: profiles,
    files: formatNames,
    arguments: ["functions", "methods", "rooms"],
  } as const;
  const queue: Portion[] = [];
  for (const part of ["programs", "files", "arguments"] as const) {
    const total = Math.ceil(Number(options[part]) / names[part].length);
    const size = portionSizes[part];
    for (let from = 0; from < total; from += size)
      for (const profile of names[part])
        if (from >= (progress.done[`${part} ${profile}`] ?? 0))
          queue.push({ part, profile, from, count: Math.min(size, total - from) }); // prettier-ignore
  }
  const all = queue.length;
  const started = Date.now();
  const note = (portion: Portion, findings: readonly string[]): void => {
    const key = `${portion.part} ${portion.profile}`;
    progress.done[key] = Math.max(progress.done[key] ?? 0, portion.from + portion.count);
    progress.found[key] = (progress.found[key] ?? 0) + findings.length;
    for (const text of findings) appendFileSync(join(folder, `${portion.part}.txt`), `${text}\n\n`);
    writeFileSync(file, JSON.stringify(progress));
    const left = all - queue.length;
    const minutes = ((Date.now() - started) / 60000).toFixed(1);
    const found = Object.values(progress.found).reduce((a, b) => a + b, 0);
    console.log(`fuzz: ${left} of ${all} portions in ${minutes} min, ${found} findings; ${key} up to ${progress.done[key]}`);
  };
  await Promise.all(Array.from({ length: Number(options.workers) }, () => serve(queue, progress.seed, note)));
  for (const [key, count] of Object.entries(progress.done))
    console.log(`${key.padEnd(24)} ${count} done, ${progress.found[key] ?? 0} findings`);
}

/** Hands portions to a worker until none is left; one that dies is a finding. */
async function serve(queue: Portion[], seed: number, note: (portion: Portion, findings: readonly string[]) => void): Promise<void> {
  const worker = new Worker<Portion & { seed: number }, Answer>({
    script: fileURLToPath(import.meta.url),
    args: ["--worker"],
    ended: (how, portion) => ({ findings: [`the process ended with ${how}: ${JSON.stringify(portion)}`] }),
  });
  for (let portion = queue.shift(); portion; portion = queue.shift()) note(portion, (await worker.ask({ ...portion, seed })).findings);
  worker.end();
}
