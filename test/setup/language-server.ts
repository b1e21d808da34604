// What an editor would show: asks TypeScript's own language server.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./source.ts";

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly items?: readonly unknown[] };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}
interface Item {
  readonly label: string;
  readonly documentation?: string | { readonly value: string };
}

export class LanguageServer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #buffer = Buffer.alloc(0);
  #asked = 0;

  constructor(folder: string) {
    this.#child = spawn(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--lsp", "--stdio"], { cwd: folder });
    this.#child.stdout.on("data", (part: Buffer) => this.#receive(part));
  }

  async open(file: string): Promise<void> {
    const completionItem = { documentationFormat: ["markdown"], resolveSupport: { properties: ["documentation"] } };
    await this.#ask("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities: { textDocument: { completion: { completionItem }, hover: { contentFormat: ["markdown"] } } },
    });
    this.#send({ method: "initialized", params: {} });
    const textDocument = { uri: pathToFileURL(file).href, languageId: "typescript", version: 1, text: readFileSync(file, "utf8") };
    this.#send({ method: "textDocument/didOpen", params: { textDocument } });
  }

  /** What can follow at a place, with its documentation. */
  async completions(file: string, line: number, character: number): Promise<ReadonlyMap<string, string>> {
    const place = { textDocument: { uri: pathToFileURL(file).href }, position: { line, character } };
    const { items } = (await this.#ask("textDocument/completion", place)) as { readonly items: readonly Item[] };
    const resolved = await Promise.all(items.map((item) => this.#ask("completionItem/resolve", item) as Promise<Item>));
    return new Map(
      resolved.map(({ label, documentation = "" }) => [label, typeof documentation === "string" ? documentation : documentation.value]),
    );
  }

  /** What is shown at a place, in Markdown. */
  async hover(file: string, line: number, character: number): Promise<string> {
    const place = { textDocument: { uri: pathToFileURL(file).href }, position: { line, character } };
    const found = (await this.#ask("textDocument/hover", place)) as { readonly contents: string | { readonly value: string } } | null;
    const contents = found?.contents ?? "";
    return typeof contents === "string" ? contents : contents.value;
  }

  close(): void {
    this.#child.kill();
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#asked;
    this.#send({ id, method, params });
    return new Promise((resolve, reject) =>
      this.#waiting.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result))),
    );
  }

  #receive(part: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, part]);
    for (;;) {
      const head = this.#buffer.indexOf("\r\n\r\n");
      const length = Number(/Content-Length: (\d+)/.exec(this.#buffer.subarray(0, Math.max(0, head)).toString())?.[1]);
      if (head < 0 || this.#buffer.length < head + 4 + length) return;
      this.#answer(JSON.parse(this.#buffer.subarray(head + 4, head + 4 + length).toString()) as Message);
      this.#buffer = this.#buffer.subarray(head + 4 + length);
    }
  }

  #answer(message: Message): void {
    const { id, method, params } = message;
    if (id === undefined) return;
    // The server asks for settings, of which there are none.
    if (method !== undefined) this.#send({ id, result: params?.items?.map(() => null) ?? null });
    else this.#waiting.get(id)?.(message);
  }
}
