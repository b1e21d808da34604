import { readText } from "../setup/source.ts";

/** A fenced block of a document. One whose info string goes on (`ts a browser: why`) cannot be run everywhere. */
export interface Block {
  readonly code: string;
  /** First line in the document. */
  readonly line: number;
  /** Why it cannot run here; undefined for those that do. */
  readonly reason: string | undefined;
}

/** The blocks in a language. */
export function blocksOf(path: string, language = "ts"): Block[] {
  const text = readText(path);
  return [...text.matchAll(new RegExp(`^\`\`\`${language}(?: (.*))?\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map((m) => ({
    code: m[2]!,
    reason: m[1],
    line: text.slice(0, m.index).split("\n").length + 1,
  }));
}
