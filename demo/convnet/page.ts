// Train a ConvNet, the page: controls and pictures. All arithmetic happens in the worker.
import * as comlink from "comlink";
import { Controls } from "./controls.ts";
import { element } from "../dom.ts";
import { Pad } from "./pad.ts";
import type { Config, DeviceChoice, SessionApi, State, Update } from "./protocol.ts";
import { saveCurve, saveFile } from "./save.ts";

const EPOCHS = 5;
const query = new URLSearchParams(location.search);
const asked = query.get("device");
const device: DeviceChoice = asked === "cpu" || asked === "webgpu" ? asked : "auto";

const worker = new Worker(new URL("./convnet.worker.ts", import.meta.url), { type: "module", name: "training" });
const session = comlink.wrap<SessionApi>(worker);
const localeOpened = openLocale();
/** Ends the task under way: the page comes to life in several short ones. */
const breath = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

let state: State = "loading";

const controls = new Controls(query, {
  toggle: () => (state === "running" ? session.pause() : session.resume()),
  step: () => session.step(),
  restart: () => restart(),
  rate: (value) => session.setLearningRate(value),
  batch: (value) => session.setBatchSize(value),
});

await breath();
const pad = new Pad(element("pad", HTMLCanvasElement), (pixels) => void session.setProbe(comlink.transfer(pixels, [pixels.buffer])));

await localeOpened;
const { View } = await import("./view.ts");
await breath();
const view = new View((index) => void showHeldOut(index));
view.clear(EPOCHS, controls.values().model);

/** Settles when the locale data is there, or cannot be opened ahead. */
function openLocale(): Promise<void> {
  const opener = new Worker(new URL("./locale.worker.ts", import.meta.url), { type: "module", name: "locale" });
  return new Promise<void>((resolve) => (opener.onmessage = opener.onerror = () => resolve())).finally(() => opener.terminate());
}

function config(): Config {
  const { model, seed, learningRate, batchSize } = controls.values();
  return { device, model, seed, learningRate, batchSize, epochs: EPOCHS };
}

async function restart(): Promise<void> {
  const current = config();
  const address = new URLSearchParams({ model: current.model, seed: String(current.seed) });
  if (device !== "auto") address.set("device", device);
  history.replaceState(null, "", `?${address.toString()}`);
  await session.start(current);
  if (view.truth === undefined && pick.value !== "") await showHeldOut(chosen());
}

function take(update: Update): void {
  if (update.kind === "status") {
    state = update.state;
    // Figures of the run before may arrive until the worker says that the new one begins.
    if (state === "loading") view.clear(EPOCHS, controls.values().model);
    controls.show(state);
  }
  view.show(update);
}

// ---- the pad and the held-out digits --------------------------------------------------------------------------------

const pick = element("pick", HTMLInputElement);

async function showHeldOut(index: number): Promise<void> {
  const count = Number(pick.max);
  const wrapped = ((index % count) + count) % count;
  pick.value = String(wrapped + 1);
  const digit = await session.heldOutDigit(wrapped);
  // What was drawn or chosen in the meantime stays.
  if (!digit || pick.value !== String(wrapped + 1)) return;
  view.truth = digit.label;
  pad.show(digit.pixels);
}

function chosen(): number {
  const value = Math.round(Number(pick.value));
  return Number.isFinite(value) && value >= 1 ? Math.min(value, Number(pick.max)) - 1 : 0;
}

element("pad", HTMLCanvasElement).addEventListener("pointerdown", () => {
  view.truth = undefined;
  pick.value = "";
});
element("clear", HTMLButtonElement).addEventListener("click", () => {
  view.truth = undefined;
  pick.value = "";
  pad.clear();
});
pick.addEventListener("change", () => void showHeldOut(chosen()));
element("previous", HTMLButtonElement).addEventListener("click", () => void showHeldOut(chosen() - 1));
element("next", HTMLButtonElement).addEventListener("click", () => void showHeldOut(pick.value === "" ? 0 : chosen() + 1));
element("pad", HTMLCanvasElement).addEventListener("keydown", (event) => {
  const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (move === undefined && event.key !== "Delete" && event.key !== "Backspace") return;
  event.preventDefault();
  if (move === undefined) element("clear", HTMLButtonElement).click();
  else void showHeldOut(pick.value === "" ? 0 : chosen() + move);
});

// ---- files ----------------------------------------------------------------------------------------------------------

element("save-curve", HTMLButtonElement).addEventListener("click", () => saveCurve(view.history));
element("save-graph", HTMLButtonElement).addEventListener("click", () => {
  if (view.dot !== "") saveFile("graph.dot", view.dot, "text/vnd.graphviz");
});
element("save-weights", HTMLButtonElement).addEventListener("click", () => {
  void session.weights().then((bytes) => saveFile("model.safetensors", bytes as Uint8Array<ArrayBuffer>, "application/octet-stream"));
});

worker.addEventListener("error", (event) => {
  take({ kind: "status", state: "failed", fault: { what: "training", problem: event.message || "the worker could not be loaded" } });
});

await session.start(config(), comlink.proxy(take));
await showHeldOut(3);
