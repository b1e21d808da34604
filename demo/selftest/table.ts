// The table of operators: failed ones first, in batches per frame, so that a quick run does not hold the page up.
import type { Bounds, Row } from "./protocol.ts";

/** An error bound or a relative error, short: exact, 3.1e-7, 0.02. */
export function shortError(error: number): string {
  if (error === 0) return "exact";
  if (!Number.isFinite(error)) return "infinite";
  return error >= 0.01 && error < 1000 ? String(Number(error.toPrecision(2))) : error.toExponential(1).replace("e+", "e");
}

function cell(className: string, text: string): HTMLTableCellElement {
  const td = document.createElement("td");
  td.className = className;
  td.textContent = text;
  return td;
}

function errorCell(label: string, error: number, bound: number): HTMLTableCellElement {
  const td = cell(`number${error > bound ? " over" : error === 0 ? " exact" : ""}`, shortError(error));
  td.dataset["label"] = label;
  return td;
}

function line(row: Row, bounds: Bounds): HTMLTableRowElement {
  const tr = document.createElement("tr");
  const th = document.createElement("th");
  th.scope = "row";
  th.textContent = row.name;
  const verdict = cell("verdict", row.ok ? "passed" : "failed");
  if (!row.ok) {
    tr.dataset["failed"] = "";
    const why = document.createElement("small");
    why.textContent = row.failures.length > 0 ? row.failures.slice(0, 3).join(" · ") : "an error is beyond its bound";
    verdict.append(why);
  }
  tr.append(
    th,
    cell("number samples", String(row.samples)),
    errorCell("value", row.value, bounds.value),
    errorCell("gradient", row.gradient, bounds.gradient),
    errorCell("second", row.second, bounds.second),
    verdict,
  );
  return tr;
}

export class OperatorTable {
  bounds: Bounds = { value: 0, gradient: 0, second: 0 };
  readonly #body: HTMLElement;
  readonly #rows: { readonly row: Row; readonly line: HTMLTableRowElement }[] = [];
  readonly #note: HTMLElement;
  #text = "";
  #failedOnly = false;
  #queued = false;

  constructor(body: HTMLElement, note: HTMLElement) {
    this.#body = body;
    this.#note = note;
  }

  get rows(): readonly Row[] {
    return this.#rows.map(({ row }) => row);
  }

  clear(): void {
    this.#rows.length = 0;
    this.#body.replaceChildren();
    this.#refresh();
  }

  add(row: Row): void {
    this.#rows.push({ row, line: line(row, this.bounds) });
    this.#refresh();
  }

  filter(text: string, failedOnly: boolean): void {
    this.#text = text.trim().toLowerCase();
    this.#failedOnly = failedOnly;
    this.#refresh();
  }

  /** Puts new lines in at the end of the failed or of all, and hides what the filter leaves out. */
  #refresh(): void {
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame(() => {
      this.#queued = false;
      let shown = 0;
      for (const { row, line: tr } of this.#rows) {
        const hidden = (this.#failedOnly && row.ok) || !row.name.toLowerCase().includes(this.#text);
        if (tr.hidden !== hidden) tr.hidden = hidden;
        if (!hidden) shown++;
        if (tr.isConnected) continue;
        if (row.ok) this.#body.append(tr);
        else this.#body.insertBefore(tr, this.#body.querySelector("tr:not([data-failed])"));
      }
      this.#note.textContent = shown === this.#rows.length ? "" : `${shown} of ${this.#rows.length} shown`;
    });
  }
}
