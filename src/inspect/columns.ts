// Tables as text, for the reports that print themselves.

/** One line for each row, its cells as wide as their column's widest; the columns in `right` are set to the right. A cell "─" is a rule as long. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = rows.reduce<number[]>((w, row) => row.map((cell, i) => Math.max(w[i] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row
      .map((cell, i) => cell[right.includes(i) ? "padStart" : "padEnd"](widths[i]!, cell === "─" ? cell : " "))
      .join("  ")
      .trimEnd(),
  );
}
