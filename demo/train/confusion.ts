// What a classifier takes for what, as a table for the terminal.

const dim = (text: string, colour: boolean): string => (colour ? `\x1b[2m${text}\x1b[22m` : text);
const bold = (text: string, colour: boolean): string => (colour ? `\x1b[1m${text}\x1b[22m` : text);

/** `table[truth][guess]` counts, with the share each digit was recognised. */
export function confusionTable(table: readonly (readonly number[])[], colour = false): string {
  const cell = Math.max(3, ...table.flat().map((n) => String(n).length)) + 1;
  const head = `${"".padStart(7)}${table.map((_, guess) => String(guess).padStart(cell)).join("")}${"".padStart(10)}`;
  const rows = table.map((counts, truth) => {
    const total = counts.reduce((sum, n) => sum + n, 0);
    const cells = counts.map((n, guess) => {
      const text = (n === 0 ? "·" : String(n)).padStart(cell);
      return guess === truth ? bold(text, colour) : n === 0 ? dim(text, colour) : text;
    });
    const share = total === 0 ? "" : `${((100 * counts[truth]!) / total).toFixed(1)} %`;
    return `${String(truth).padStart(7)}${cells.join("")}${share.padStart(10)}`;
  });
  return [dim("  digit   recognised as", colour), dim(head.trimEnd(), colour), ...rows].join("\n");
}
