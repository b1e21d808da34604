// What a visitor may take along.

export interface History {
  /** Loss and accuracy of every step, from step 1. */
  readonly losses: number[];
  readonly accuracies: number[];
  /** Held-out accuracy by step. */
  readonly heldOut: Map<number, number>;
}

/** Offers a file for download. */
export function saveFile(name: string, content: string | Uint8Array<ArrayBuffer>, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The curve as a table: one row per step, with the held-out accuracy where it was measured. */
export function curveCsv({ losses, accuracies, heldOut }: History): string {
  const rows = losses.map((loss, i) => `${i + 1},${loss},${accuracies[i] ?? ""},${heldOut.get(i + 1) ?? ""}`);
  return `step,loss,accuracy,held_out_accuracy\n${rows.join("\n")}\n`;
}

export const saveCurve = (history: History): void => saveFile("curve.csv", curveCsv(history), "text/csv");
