// The held-out digits that the network is surest of and wrong about: buttons that are made once, in room that is kept, and relabelled.
import { paintDigit } from "./canvas.ts";
import { element, setText } from "../dom.ts";
import { type HeldOutUpdate, SHOWN_MISTAKES } from "./protocol.ts";
import { SIDE } from "./pad.ts";
import type { Turns } from "./turns.ts";

const PIXELS = SIDE * SIDE;
/** So many are drawn in one turn. */
const AT_ONCE = 6;
const NO_DIGIT = new Uint8Array(PIXELS);

class Mistake {
  readonly item = document.createElement("li");
  readonly button = document.createElement("button");
  readonly #canvas = document.createElement("canvas");
  readonly #truth = document.createTextNode("");
  readonly #guess = document.createElement("b");
  #index = 0;

  constructor(onClick: (index: number) => void) {
    this.#canvas.className = "pixels";
    this.button.type = "button";
    this.button.append(this.#canvas, this.#truth, this.#guess);
    this.button.addEventListener("click", () => onClick(this.#index));
    this.item.append(this.button);
    this.hide();
  }

  /** Keeps its place, with nothing to see or to press. */
  hide(): void {
    this.item.dataset["empty"] = "";
    this.button.disabled = true;
    this.button.title = "";
    this.#truth.data = "–";
    setText(this.#guess, "");
    paintDigit(this.#canvas, NO_DIGIT, SIDE);
  }

  show(index: number, truth: number, guess: number, pixels: Uint8Array): void {
    this.#index = index;
    const title = `Held-out digit ${index + 1}: a ${truth} taken for a ${guess}. Show it on the pad`;
    if (this.button.title === title) return;
    delete this.item.dataset["empty"];
    this.button.disabled = false;
    this.button.title = title;
    this.button.setAttribute("aria-label", title);
    if (this.#truth.data !== `${truth} → `) this.#truth.data = `${truth} → `;
    setText(this.#guess, String(guess));
    paintDigit(this.#canvas, pixels, SIDE);
  }
}

export class Mistakes {
  readonly #note = element("mistakes-note", HTMLElement);
  readonly #places: readonly Mistake[];
  readonly #turns: Turns;

  constructor(turns: Turns, onClick: (index: number) => void) {
    this.#turns = turns;
    this.#places = Array.from({ length: SHOWN_MISTAKES }, () => new Mistake(onClick));
    element("mistakes", HTMLUListElement).append(...this.#places.map(({ item }) => item));
  }

  clear(): void {
    this.#turns.ask("mistakes", () => {
      for (const place of this.#places) place.hide();
      setText(this.#note, "of the held-out digits");
    });
  }

  show(update: HeldOutUpdate): void {
    this.#turns.ask("mistakes", () => this.#draw(update, 0));
  }

  #draw(update: HeldOutUpdate, from: number): void {
    const { indices, truths, guesses, pixels } = update;
    const until = Math.min(from + AT_ONCE, this.#places.length);
    for (let k = from; k < until; k++) {
      const place = this.#places[k]!;
      if (k < indices.length) place.show(indices[k]!, truths[k]!, guesses[k]!, pixels.subarray(k * PIXELS, (k + 1) * PIXELS));
      // Focus must not fall back to the top of the page with the button that goes.
      else if (place.item.contains(document.activeElement)) this.#places[indices.length - 1]?.button.focus({ preventScroll: true });
      if (k >= indices.length) place.hide();
    }
    if (until < this.#places.length) return this.#turns.ask("mistakes", () => this.#draw(update, until));
    setText(this.#note, `${update.wrong} of ${update.count.toLocaleString("en")}, surest first`);
  }
}
