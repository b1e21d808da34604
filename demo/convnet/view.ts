// Shows what the worker reports: figures, curves, probabilities, pictures, mistakes, the graph, and what went wrong.
import { TileRow } from "./canvas.ts";
import { Chart } from "./chart.ts";
import { element, setText } from "../dom.ts";
import { MODEL_STACKS, type ModelName } from "../mnist/model-names.ts";
import { Mistakes } from "./mistakes.ts";
import type {
  ArrivalUpdate,
  DeviceUpdate,
  Fault,
  GraphUpdate,
  HeldOutUpdate,
  LookUpdate,
  MetricsUpdate,
  StatusUpdate,
  Update,
} from "./protocol.ts";
import type { History } from "./save.ts";
import { Turns } from "./turns.ts";

const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** What each fault is called, and what helps. */
const FAULTS: Readonly<Record<Fault, readonly [title: string, remedy: string]>> = {
  digits: ["The digits could not be loaded", "Restart tries again; this page can stay open."],
  "no device": ["There is no WebGPU here", "Without “device=webgpu” in its address this page trains on the CPU."],
  "lost device": [
    "The graphics device went away while training",
    "Restart begins anew on whatever device there is now; this page can stay open.",
  ],
  memory: ["The graphics device has no memory left", "A smaller batch takes less; Restart begins anew."],
  training: ["Training stopped", "Restart begins anew; this page can stay open."],
};

const figure = (name: string): HTMLElement => element(`figure-${name}`, HTMLElement);

interface Bar {
  readonly row: HTMLLIElement;
  readonly fill: HTMLElement;
  readonly share: HTMLSpanElement;
}

export class View {
  /** All figures of this run. */
  history: History = { losses: [], accuracies: [], heldOut: new Map() };
  /** The graph last drawn, as DOT. */
  dot = "";
  /** What the digit on the pad is, where it is known. */
  truth: number | undefined;
  readonly #loss: Chart;
  readonly #accuracy: Chart;
  readonly #bars: readonly Bar[];
  readonly #graphNote = element("graph-note", HTMLElement);
  readonly #graphWords = this.#graphNote.textContent;
  #rows: readonly TileRow[] = [];
  readonly #mistakes: Mistakes;
  readonly #turns = new Turns();
  #epochs = 0;

  constructor(onMistake: (index: number) => void) {
    this.#mistakes = new Mistakes(this.#turns, onMistake);
    this.#loss = new Chart(element("loss-plot", HTMLElement), {
      range: (_, high) => [0, Math.max(0.1, high)],
      format: (v) => String(Number(v.toPrecision(3))),
    });
    const floor = (low: number): number => (low >= 0.9 ? 0.9 : low >= 0.5 ? 0.5 : 0);
    this.#accuracy = new Chart(element("accuracy-plot", HTMLElement), {
      range: (low) => [floor(low), 1],
      format: (v) => `${Math.round(100 * v)} %`,
    });
    const list = element("bars", HTMLOListElement);
    this.#bars = Array.from({ length: 10 }, (_, digit) => {
      const row = document.createElement("li");
      const [name, track, fill, share] = ["b", "span", "i", "span"].map((tag) => document.createElement(tag)) as [
        HTMLElement,
        HTMLElement,
        HTMLElement,
        HTMLSpanElement,
      ];
      name.textContent = String(digit);
      track.className = "track";
      track.append(fill);
      row.append(name, track, share);
      list.append(row);
      return { row, fill, share };
    });
    this.#drawCharts();
  }

  /** Empties the page for a new run of a network. */
  clear(epochs: number, model: ModelName): void {
    this.#epochs = epochs;
    this.history = { losses: [], accuracies: [], heldOut: new Map() };
    this.dot = "";
    this.#loss.clear();
    this.#accuracy.clear();
    this.#drawCharts();
    this.#rows = MODEL_STACKS[model].map((stack, k) => new TileRow(stack, k === 0));
    element("layers", HTMLElement).replaceChildren(...this.#rows.map((row) => row.element));
    this.#turns.ask("bars", () => this.#guess(undefined));
    this.#turns.ask("graph", () => {
      element("graph", HTMLElement).replaceChildren();
      setText(this.#graphNote, this.#graphWords);
    });
    this.#mistakes.clear();
    for (const name of ["loss", "accuracy", "held-out", "speed"]) setText(figure(name), "–");
    setText(figure("step"), "0");
    setText(figure("epoch"), "0");
    element("alert", HTMLElement).hidden = true;
  }

  show(update: Update): void {
    if (update.kind === "metrics") this.#metrics(update);
    else if (update.kind === "heldOut") this.#heldOut(update);
    else if (update.kind === "look") this.#look(update);
    else if (update.kind === "graph") this.#graph(update);
    else if (update.kind === "device") this.#device(update);
    else if (update.kind === "arrival") this.#arrival(update);
    else this.#status(update);
  }

  #device({ device, name, reason, software, parameters, trainCount, heldOutCount }: DeviceUpdate): void {
    const chip = document.createElement("span");
    chip.className = device === "webgpu" && !software ? "chip gpu" : "chip";
    chip.textContent = device === "webgpu" ? "WebGPU" : "CPU";
    const how = software ? `in software, without a graphics processor: ${name}` : name;
    const why = device === "webgpu" ? how : reason === undefined ? "as asked" : `no WebGPU: ${reason}`;
    element("device", HTMLElement).replaceChildren(
      chip,
      `${why} · ${parameters.toLocaleString("en")} parameters · ${trainCount.toLocaleString("en")} digits`,
    );
    element("pick", HTMLInputElement).max = String(heldOutCount);
  }

  #arrival({ arrived, count }: ArrivalUpdate): void {
    const bar = element("arrival", HTMLProgressElement);
    [bar.max, bar.value] = [count, arrived];
    bar.toggleAttribute("data-done", arrived === count);
  }

  #status({ state, fault }: StatusUpdate): void {
    const alert = element("alert", HTMLElement);
    if (state === "running") alert.hidden = true;
    if (fault === undefined) return;
    const [title, remedy] = FAULTS[fault.what];
    setText(element("alert-title", HTMLElement), title);
    setText(element("alert-text", HTMLElement), `${fault.problem}. ${remedy}`);
    alert.hidden = false;
  }

  #metrics({ first, losses, accuracies, epoch, samplesPerSecond }: MetricsUpdate): void {
    losses.forEach((loss, i) => {
      const accuracy = accuracies[i]!;
      this.history.losses.push(loss);
      this.history.accuracies.push(accuracy);
      this.#loss.often.push(first + i, loss);
      this.#accuracy.often.push(first + i, accuracy);
    });
    this.#drawCharts();
    setText(figure("step"), String(first + losses.length - 1));
    setText(figure("epoch"), `${epoch} of ${Math.max(this.#epochs, Math.ceil(epoch / this.#epochs) * this.#epochs)}`);
    setText(figure("loss"), losses.at(-1)!.toFixed(4));
    setText(figure("accuracy"), percent(accuracies.at(-1)!));
    if (Number.isFinite(samplesPerSecond)) setText(figure("speed"), Math.round(samplesPerSecond).toLocaleString("en"));
  }

  #heldOut(update: HeldOutUpdate): void {
    const { step, accuracy, loss } = update;
    if (!this.history.heldOut.has(step)) {
      this.#loss.seldom.push(step, loss);
      this.#accuracy.seldom.push(step, accuracy);
    }
    this.history.heldOut.set(step, accuracy);
    this.#drawCharts();
    setText(figure("held-out"), percent(accuracy, 2));
    this.#mistakes.show(update);
  }

  #look({ probabilities, stacks }: LookUpdate): void {
    this.#turns.ask("bars", () => this.#guess(probabilities));
    this.#rows.forEach((row, k) => this.#turns.ask(`pictures ${k}`, () => row.show(stacks[k]!)));
  }

  /** Without probabilities there is nothing to guess. */
  #guess(probabilities: Float32Array | undefined): void {
    const best = probabilities?.indexOf(Math.max(...probabilities));
    this.#bars.forEach(({ row, fill, share }, digit) => {
      const p = probabilities?.[digit];
      row.toggleAttribute("data-best", digit === best);
      fill.style.transform = `scaleX(${(p ?? 0).toFixed(3)})`;
      setText(share, p === undefined ? "–" : percent(p, 0));
    });
    const known = this.truth === undefined ? "" : `, it is a ${this.truth}`;
    setText(element("guess", HTMLElement), best === undefined ? "nothing to guess yet" : `guess: ${best}${known}`);
  }

  #graph({ step, svg, dot }: GraphUpdate): void {
    this.dot = dot;
    this.#turns.ask("graph", () => {
      const drawing = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
      drawing.setAttribute("role", "img");
      drawing.setAttribute("aria-label", `Graph of step ${step}`);
      element("graph", HTMLElement).replaceChildren(document.importNode(drawing, true));
      setText(this.#graphNote, `recorded at step ${step}; gradients flow along the arrows, from the loss to the weights`);
    });
  }

  #drawCharts(): void {
    this.#turns.ask("loss", () => this.#loss.draw());
    this.#turns.ask("accuracy", () => this.#accuracy.draw());
  }
}
