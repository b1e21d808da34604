/** A static server on the loopback with the headers that threads in WebAssembly need. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, extname } from "node:path";
import { ROOT } from "./build.ts";
import type { BuiltFiles } from "./build.ts";

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const PAGE = '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>';

/** A running server. */
export interface BenchServer {
  readonly origin: string;
  close(): Promise<void>;
}

async function content(path: string, files: BuiltFiles): Promise<string | Uint8Array | undefined> {
  if (path === "/bench.html") return PAGE;
  if (path === "/favicon.ico") return "";
  if (path.startsWith("/tfjs-wasm/")) return readFile(`${ROOT}node_modules/@tensorflow/tfjs-backend-wasm/dist/${basename(path)}`);
  return files.get(path);
}

/** Serves built files, the bench page and tfjs's wasm binaries. */
export async function serve(files: BuiltFiles): Promise<BenchServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    content(path, files)
      .catch(() => undefined)
      .then((body) => {
        response.writeHead(body === undefined ? 404 : 200, {
          "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
          "Cross-Origin-Opener-Policy": "same-origin",
          "Cross-Origin-Embedder-Policy": "require-corp",
          "Cache-Control": "no-store",
        });
        response.end(body);
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
