// Kernels whose functions are exchanged for others of the same shader file.
import { type Kernel, kernel } from "./kernel.ts";
import { declarations } from "./wgsl.ts";

/** Which function of the file takes each function's place: `{ load_a: "load_a_along_m" }`. */
export type Parts = Record<string, string>;

const cache = new Map<string, Map<string, Kernel>>();

function renamed(source: string, from: string, to: string): string {
  const found = declarations(source).find((d) => d.kind === "fn" && d.name === from);
  if (!found) throw new Error(`no function ${from} in the shader`);
  return found.text.replace(`fn ${from}(`, `fn ${to}(`);
}

/** The kernel for `entry` of `source` with constants, functions and type aliases replaced. */
export function variant(
  source: string,
  entry: string,
  consts: Record<string, number>,
  parts: Parts,
  aliases: Record<string, string> = {},
): Kernel {
  let entries = cache.get(source);
  if (!entries) cache.set(source, (entries = new Map()));
  const key = JSON.stringify([entry, consts, parts, aliases]);
  let found = entries.get(key);
  if (!found) {
    const fns = Object.fromEntries(Object.entries(parts).map(([to, from]) => [to, renamed(source, from, to)]));
    entries.set(key, (found = kernel(source, entry, { consts, fns, aliases })));
  }
  return found;
}
