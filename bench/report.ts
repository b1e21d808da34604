/** Markdown from results: medians, ratios, shares of the roofline, calls, first step, sizes. */
import type { ContestantInfo } from "./contestants.ts";
import { rooflineShare } from "./measure.ts";
import type { BenchResults, Cell } from "./results.ts";
import { INFO } from "./workloads.ts";
import type { WorkloadId } from "./workloads.ts";

/** Three significant digits without an exponent. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toPrecision(value >= 1 ? 3 : 2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map((_, i) => (i === 0 ? "---|" : "--:|")).join("")}`, ...rows.map(line)].join("\n");
}

function cellText(cell: Cell | undefined, fastest: number): string {
  if (cell === undefined || cell.status === "absent") return "–";
  if (cell.status === "failed") return "error";
  if (cell.status === "wrong") return "wrong";
  const text = figure(cell.medianMs);
  return cell.medianMs === fastest ? `**${text}**` : text;
}

const timeOf = (cells: Record<string, Cell>, name: string): number => {
  const cell = cells[name];
  return cell?.status === "ok" ? cell.medianMs : NaN;
};

const measured = (results: BenchResults): [WorkloadId, Record<string, Cell>][] =>
  Object.entries(results.workloads) as [WorkloadId, Record<string, Cell>][];

/** Medians, the fastest of each kind of device in bold. */
function medians(results: BenchResults, contestants: readonly ContestantInfo[]): string {
  const rows = measured(results).map(([workload, cells]) => {
    const fastest = (gpu: boolean): number =>
      Math.min(...contestants.filter((c) => c.gpu === gpu).map(({ name }) => timeOf(cells, name) || Infinity));
    const texts = contestants.map(({ name, gpu }) => cellText(cells[name], fastest(gpu)));
    return [INFO[workload].title, ...texts];
  });
  return table(["median ms per iteration", ...contestants.map(({ title }) => title)], rows);
}

/** Time of our contestants divided by the time of each other one on the same kind of device. */
function ratios(results: BenchResults, contestants: readonly ContestantInfo[]): string | undefined {
  const pairs = contestants
    .filter(({ ours }) => ours)
    .flatMap((own) => contestants.filter((c) => !c.ours && c.gpu === own.gpu).map((other) => ({ own, other })));
  if (pairs.length === 0) return undefined;
  const rows = measured(results).map(([workload, cells]) => {
    const texts = pairs.map(({ own, other }) => figure(timeOf(cells, own.name) / timeOf(cells, other.name)));
    return [INFO[workload].title, ...texts];
  });
  return table(["time ratio (below 1: wengert is faster)", ...pairs.map(({ own, other }) => `${own.title} ÷ ${other.title}`)], rows);
}

/** How much of the nearer device limit each WebGPU contestant reaches. */
function shares(results: BenchResults, contestants: readonly ContestantInfo[]): string | undefined {
  const { roofline } = results;
  const gpu = contestants.filter((c) => c.gpu);
  if (roofline === null || gpu.length === 0) return undefined;
  const rows = measured(results).map(([workload, cells]) => {
    const texts = gpu.map(({ name }) => {
      const ms = timeOf(cells, name);
      return Number.isNaN(ms) ? "–" : `${figure(100 * rooflineShare(workload, ms, roofline))} %`;
    });
    return [INFO[workload].title, ...texts];
  });
  const limits = `${figure(roofline.fma / 1e9)} GFLOP/s FMA, ${figure(roofline.copy / 1e9)} GB/s copy`;
  return table([`share of the measured limit (${limits})`, ...gpu.map(({ title }) => title)], rows);
}

function calls(results: BenchResults, contestants: readonly ContestantInfo[]): string | undefined {
  const rows = Object.entries(results.calls).flatMap(([workload, byName]) =>
    contestants.flatMap(({ name, title }) => {
      const report = byName[name];
      if (report === undefined) return [];
      const { perStep: s, firstStep: f } = report;
      const values = [s.dispatches, s.passes, s.submits, s.bindGroups, s.buffersCreated, s.writes, s.copies, s.maps, s.pipelines].map((v) =>
        figure(v).replace(/\.0+$/, ""),
      );
      const made = `${f.pipelines} (${figure(f.wgslBytes / 1024)} KiB)`;
      const live = `${report.liveBuffers} (${figure(report.liveBytes / 2 ** 20)} MiB)`;
      return [[`${workload}: ${title}`, ...values, made, live]];
    }),
  );
  if (rows.length === 0) return undefined;
  const head = [
    "WebGPU calls per step",
    "dispatches",
    "passes",
    "submits",
    "bind groups",
    "buffers",
    "writes",
    "copies",
    "maps",
    "pipelines",
  ];
  return table([...head, "pipelines (WGSL) by step 1", "live buffers"], rows);
}

function starts(results: BenchResults, contestants: readonly ContestantInfo[]): string | undefined {
  const rows = contestants.flatMap(({ name, title }) => {
    const first = results.firstStep[name];
    const size = results.sizes[name];
    if (first === undefined && size === undefined) return [];
    const times = first === undefined ? ["–", "–", "–", "–"] : [first.importMs, first.initMs, first.stepMs, first.totalMs].map(figure);
    return [[title, ...times, sizeText(size)]];
  });
  const known = new Set(contestants.map(({ name }) => name));
  for (const [name, size] of Object.entries(results.sizes)) if (!known.has(name)) rows.push([name, "–", "–", "–", "–", sizeText(size)]);
  if (rows.length === 0) return undefined;
  return table(["to the end of the first MLP step, ms", "import", "init", "first step", "total", "gzipped KB"], rows);
}

function sizeText(size: { js: number; wasm: number } | undefined): string {
  if (size === undefined) return "–";
  return size.wasm === 0 ? figure(size.js / 1000) : `${figure(size.js / 1000)} + ${figure(size.wasm / 1000)} wasm`;
}

/** One line on what the figures were made with. */
function conditions(results: BenchResults): string {
  const { adapter, host, versions } = results;
  const device =
    adapter === null ? "no WebGPU adapter" : [adapter.vendor, adapter.architecture, adapter.description].filter(Boolean).join(" ");
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${results.date.slice(0, 10)}, commit ${results.commit}, ${device}, ${host.cpu} (${host.cores} cores), ${[host.browser, ...list].join(", ")}. Medians of ${results.rounds} interleaved rounds.`;
}

/** The whole report. */
export function markdown(results: BenchResults, contestants: readonly ContestantInfo[]): string {
  const timed = measured(results).length > 0;
  const parts = [
    conditions(results),
    timed ? medians(results, contestants) : undefined,
    timed ? ratios(results, contestants) : undefined,
    timed ? shares(results, contestants) : undefined,
    calls(results, contestants),
    starts(results, contestants),
  ];
  return parts.filter((part) => part !== undefined).join("\n\n");
}

const BEGIN = "<!-- bench -->";
const END = "<!-- /bench -->";

/** Puts a report between the markers of a page; undefined when the markers are missing. */
export function insertReport(page: string, report: string): string | undefined {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END, begin);
  if (begin < 0 || end < 0) return undefined;
  return `${page.slice(0, begin + BEGIN.length)}\n\n${report}\n\n${page.slice(end)}`;
}
