// Shows what the worker reports: figures, curves, probabilities, pictures, mistakes, the graph, and what went wrong.
import { paintDigit, TileRow } from "./canvas.ts";
import { Chart } from "./chart.ts";
import { element, setText } from "../dom.ts";
import type { DeviceUpdate, GraphUpdate, HeldOutUpdate, LookUpdate, MetricsUpdate, StatusUpdate, Update } from "./protocol.ts";
import type { History } from "./save.ts";

const PIXELS = 784;
const SIDE = 28;
const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;
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
  readonly #rows: TileRow[] = [];
  readonly #onMistake: (index: number) => void;
  #epochs = 0;

  constructor(onMistake: (index: number) => void) {
    this.#onMistake = onMistake;
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
  }

  /** Empties the page for a new run. */
  clear(epochs: number): void {
    this.#epochs = epochs;
    this.history = { losses: [], accuracies: [], heldOut: new Map() };
    this.#loss.clear();
    this.#accuracy.clear();
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
    else this.#status(update);
  }

  #device({ device, name, reason, parameters, trainCount, heldOutCount }: DeviceUpdate): void {
    const chip = document.createElement("span");
    chip.className = device === "webgpu" ? "chip gpu" : "chip";
    chip.textContent = device === "webgpu" ? "WebGPU" : "CPU";
    const why = device === "webgpu" ? name : reason === undefined ? "as asked" : `no WebGPU: ${reason}`;
    element("device", HTMLElement).replaceChildren(
      chip,
      `${why} · ${parameters.toLocaleString("en")} parameters · ${trainCount.toLocaleString("en")} digits`,
    );
    element("pick", HTMLInputElement).max = String(heldOutCount);
  }

  #status({ state, problem, deviceLost }: StatusUpdate): void {
    const alert = element("alert", HTMLElement);
    if (state === "running") alert.hidden = true;
    if (problem === undefined) return;
    setText(element("alert-title", HTMLElement), deviceLost ? "The graphics device went away while training" : "Training stopped");
    setText(
      element("alert-text", HTMLElement),
      `${problem}. Restart begins anew on whatever device there is now; this page can stay open.`,
    );
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
    this.#loss.draw();
    this.#accuracy.draw();
    setText(figure("step"), String(first + losses.length - 1));
    setText(figure("epoch"), `${epoch} of ${Math.max(this.#epochs, Math.ceil(epoch / this.#epochs) * this.#epochs)}`);
    setText(figure("loss"), losses.at(-1)!.toFixed(4));
    setText(figure("accuracy"), percent(accuracies.at(-1)!));
    if (Number.isFinite(samplesPerSecond)) setText(figure("speed"), Math.round(samplesPerSecond).toLocaleString("en"));
  }

  #heldOut({ step, accuracy, loss, count, wrong, indices, truths, guesses, pixels }: HeldOutUpdate): void {
    if (!this.history.heldOut.has(step)) {
      this.#loss.seldom.push(step, loss);
      this.#accuracy.seldom.push(step, accuracy);
    }
    this.history.heldOut.set(step, accuracy);
    this.#loss.draw();
    this.#accuracy.draw();
    setText(figure("held-out"), percent(accuracy, 2));
    setText(element("mistakes-note", HTMLElement), `${wrong} of ${count.toLocaleString("en")} held-out digits, surest first`);
    const items = [...indices].map((index, k) =>
      this.#mistake(index, truths[k]!, guesses[k]!, pixels.subarray(k * PIXELS, (k + 1) * PIXELS)),
    );
    // Focus stays where it is while the list is renewed under it.
    const list = element("mistakes", HTMLUListElement);
    const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
    list.replaceChildren(...items);
    if (focused >= 0) items[Math.min(focused, items.length - 1)]?.querySelector("button")?.focus({ preventScroll: true });
  }

  #mistake(index: number, truth: number, guess: number, pixels: Uint8Array): HTMLLIElement {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const canvas = document.createElement("canvas");
    const words = document.createElement("b");
    canvas.className = "pixels";
    paintDigit(canvas, pixels, SIDE);
    words.textContent = String(guess);
    button.type = "button";
    button.title = `Held-out digit ${index + 1}: a ${truth} taken for a ${guess}. Show it on the pad`;
    button.setAttribute("aria-label", button.title);
    button.append(canvas, `${truth} → `, words);
    button.addEventListener("click", () => this.#onMistake(index));
    item.append(button);
    return item;
  }

  #look({ probabilities, filters, maps }: LookUpdate): void {
    const best = probabilities.indexOf(Math.max(...probabilities));
    this.#bars.forEach(({ row, fill, share }, digit) => {
      const p = probabilities[digit]!;
      row.toggleAttribute("data-best", digit === best);
      fill.style.transform = `scaleX(${p.toFixed(3)})`;
      setText(share, percent(p, 0));
    });
    const known = this.truth === undefined ? "" : `, it is a ${this.truth}`;
    setText(element("guess", HTMLElement), `guess: ${best}${known}`);
    const rows = [{ name: "first filters", pictures: filters, signed: true }, ...maps.map((m) => ({ ...m, signed: false }))];
    const host = element("layers", HTMLElement);
    rows.forEach(({ name, pictures, signed }, k) => {
      let row = this.#rows[k];
      if (!row) host.append((row = this.#rows[k] = new TileRow()).element);
      row.show(`${pictures.count} ${name}, ${pictures.height} × ${pictures.width}`, pictures, signed);
    });
  }

  #graph({ step, svg, dot }: GraphUpdate): void {
    this.dot = dot;
    const drawing = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", `Graph of step ${step}`);
    element("graph", HTMLElement).replaceChildren(document.importNode(drawing, true));
    setText(element("graph-note", HTMLElement), `recorded at step ${step}; gradients flow along the arrows, from the loss to the weights`);
  }
}
