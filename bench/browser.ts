/** One Chromium per contestant, driven through its page. */
import { existsSync } from "node:fs";
import { chromium } from "playwright";
import type { Browser, Page } from "playwright";
import type { BuiltFiles } from "./build.ts";
import type { Driver } from "./driver.ts";
import { CALL_MS, within } from "./host.ts";
import type { Host, Stage } from "./host.ts";
import { serve } from "./server.ts";

const FLAGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
  "--disable-sync",
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

/** Chromium reports WebGPU validation errors that no scope caught as console warnings. */
const VALIDATION = /\[Invalid |While (calling|encoding|finishing|validating) /;

function executable(): string | undefined {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  return existsSync("/usr/bin/chromium") ? "/usr/bin/chromium" : undefined;
}

async function openHost(origin: string, software: boolean): Promise<Host> {
  const path = executable();
  const browser: Browser = await chromium.launch({
    ...(path === undefined ? { channel: "chromium" } : { executablePath: path }),
    headless: true,
    args: software ? [...FLAGS, "--use-webgpu-adapter=swiftshader"] : FLAGS,
  });
  const page: Page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || VALIDATION.test(message.text())) errors.push(message.text());
  });
  await page.goto(`${origin}/bench.html`);
  await page.waitForFunction(() => globalThis.benchDriver !== undefined);
  return {
    version: `Chromium ${browser.version()}`,
    call(method, args, timeoutMs = CALL_MS) {
      const work = page.evaluate(
        ([name, values]) =>
          (globalThis.benchDriver[name as keyof Driver] as (...a: unknown[]) => Promise<unknown>)(...(values as unknown[])),
        [method, args] as const,
      );
      return within(work, timeoutMs, method) as Promise<never>;
    },
    takeErrors: () => errors.splice(0),
    close: () => browser.close(),
  };
}

/** Serves the built files to browsers; `software` asks for SwiftShader. */
export async function browserStage(files: BuiltFiles, software: boolean): Promise<Stage> {
  const server = await serve(files);
  return { launch: () => openHost(server.origin, software), close: () => server.close() };
}
