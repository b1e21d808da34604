// Values as Python prints them, so that a model prints here as it does in PyTorch.

/** A float as repr() writes it: `1.0`, `1e-05`, `0.1`. */
export function float(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e16)) return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** Anything else: tuples, booleans, None, quoted strings. */
export function repr(value: unknown): string {
  if (Array.isArray(value)) return `(${value.map(repr).join(", ")}${value.length === 1 ? "," : ""})`;
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null || value === undefined) return "None";
  return typeof value === "string" ? `'${value}'` : String(value);
}

/** The lines of a module: its own description and its children's, indented. */
export function moduleText(name: string, extra: string, children: Iterable<readonly [string, { toString(): string }]>): string {
  const own = extra === "" ? [] : extra.split("\n");
  const inner = [...children].map(([key, child]) => `(${key}): ${child.toString().split("\n").join("\n  ")}`);
  if (inner.length === 0 && own.length <= 1) return `${name}(${own[0] ?? ""})`;
  return `${name}(\n  ${[...own, ...inner].join("\n  ")}\n)`;
}
