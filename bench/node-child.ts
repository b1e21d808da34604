/** The process a contestant runs in: Dawn in place of the browser's WebGPU, the driver behind messages. */
import { create, globals } from "webgpu";
import { createDriver } from "./driver.ts";
import type { Driver } from "./driver.ts";
import type { Reply, Request } from "./node-stage.ts";

const base = process.argv[2] ?? "";
// Kept alive for the whole process: Dawn ends with this object.
const gpu = create(["disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension"]);
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "node", hardwareConcurrency: 4 }, configurable: true });

const driver = createDriver((url) => base + url);
const reply = (message: Reply): void => void process.send?.(message);

async function answer({ id, method, args }: Request): Promise<void> {
  try {
    const value = await (driver[method as keyof Driver] as (...values: unknown[]) => Promise<unknown>)(...args);
    reply({ id, value });
  } catch (error) {
    reply({ id, error: (error as Error).message });
  }
}

process.on("message", (message) => void answer(message as Request));
process.on("disconnect", () => process.exit());
process.on("uncaughtException", (error) => reply({ id: -1, error: error.message }));
