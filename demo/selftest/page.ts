// Self-test, the page: starts a worker for every run and fills the table as the operators come in.
import * as comlink from "comlink";
import { element } from "../dom.ts";
import type { DeviceChoice, TestApi, TestUpdates } from "./protocol.ts";
import { OperatorTable, shortError } from "./table.ts";

const deviceField = element("device", HTMLSelectElement);
const progress = element("progress", HTMLProgressElement);
const summary = element("summary", HTMLElement);
const adapter = element("adapter", HTMLElement);
const alert = element("alert", HTMLElement);
const copy = element("copy", HTMLButtonElement);
const filter = element("filter", HTMLInputElement);
const onlyFailed = element("only-failed", HTMLInputElement);
const table = new OperatorTable(element("rows", HTMLElement), element("shown", HTMLElement));

let worker: Worker | undefined;
let where = "";
let runs = 0;

const chosen = (): DeviceChoice => (deviceField.value === "cpu" || deviceField.value === "webgpu" ? deviceField.value : "auto");

/** A new worker, and with it a new device, for every run: what an earlier one broke is gone. */
async function run(): Promise<void> {
  const mine = ++runs;
  worker?.terminate();
  worker = new Worker(new URL("./selftest.worker.ts", import.meta.url), { type: "module", name: "self-test" });
  const api = comlink.wrap<TestApi>(worker);
  const started = performance.now();
  table.clear();
  alert.hidden = true;
  copy.disabled = true;
  progress.removeAttribute("value");
  delete progress.dataset["result"];
  summary.textContent = "Starting the device";
  adapter.textContent = "";
  const updates: TestUpdates = {
    begun(device, bounds) {
      if (mine !== runs) return;
      where = device.device === "webgpu" ? "WebGPU" : "the CPU";
      table.bounds = bounds;
      adapter.textContent =
        device.device === "webgpu" ? device.name : `On the CPU${device.reason === undefined ? "" : `, no WebGPU: ${device.reason}`}`;
      element("bounds", HTMLElement).textContent =
        `An operator passes within ${shortError(bounds.value)} for values, ${shortError(bounds.gradient)} for gradients and ${shortError(bounds.second)} for second ` +
        "gradients, relative to each value plus the mean magnitude of its tensor. “exact” also stands for results that have no gradient.";
      summary.textContent = "Testing";
    },
    tested(row, done, total) {
      if (mine !== runs) return;
      table.add(row);
      progress.max = total;
      progress.value = done;
    },
  };
  const failure = new Promise<never>((_, reject) => {
    worker!.onerror = (event) => reject(new Error(event.message || "the worker could not be loaded"));
  });
  try {
    const { passed, failed } = await Promise.race([api.run(chosen(), comlink.proxy(updates)), failure]);
    if (mine !== runs) return;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    progress.dataset["result"] = failed === 0 ? "passed" : "failed";
    summary.textContent =
      failed === 0
        ? `All ${passed} operators passed on ${where}, in ${seconds} s`
        : `${failed} of ${passed + failed} operators failed on ${where}, in ${seconds} s`;
    copy.disabled = false;
  } catch (error) {
    if (mine !== runs) return;
    if (!progress.hasAttribute("value")) progress.value = 0;
    progress.dataset["result"] = "failed";
    summary.textContent = "The test could not go on";
    alert.textContent = `${error instanceof Error ? error.message : String(error)}. “Run again” starts with a new device.`;
    alert.hidden = false;
  }
}

async function copyReport(): Promise<void> {
  const report = {
    device: where,
    adapter: adapter.textContent,
    userAgent: navigator.userAgent,
    bounds: table.bounds,
    operators: table.rows,
  };
  try {
    await navigator.clipboard.writeText(JSON.stringify(report, null, 1));
    copy.textContent = "Copied";
  } catch {
    copy.textContent = "The browser refused";
  }
  setTimeout(() => (copy.textContent = "Copy as JSON"), 2000);
}

const asked = new URLSearchParams(location.search).get("device");
if (asked === "cpu" || asked === "webgpu") deviceField.value = asked;
element("run", HTMLButtonElement).addEventListener("click", () => void run());
deviceField.addEventListener("change", () => void run());
copy.addEventListener("click", () => void copyReport());
for (const field of [filter, onlyFailed]) field.addEventListener("input", () => table.filter(filter.value, onlyFailed.checked));
await run();
