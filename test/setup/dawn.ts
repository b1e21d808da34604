import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { create, globals } from "webgpu";
import { DAWN_DISABLED, findSwiftShader } from "./chromium.ts";

const RTLD_NODELETE = 0x1000;

let installed: GPU | undefined;

/**
 * Gives Node what a browser has: `navigator.gpu` (Dawn) and the WebGPU globals.
 * A machine's own Vulkan driver is used only where VK_ICD_FILENAMES names it; otherwise SwiftShader, so that every run sees the same adapter.
 */
export function installDawn(): GPU {
  if (installed) return installed;
  const named = process.env["VK_ICD_FILENAMES"];
  const driver = named ?? findSwiftShader();
  if (driver !== undefined) process.env["VK_ICD_FILENAMES"] = driver;
  if (driver !== undefined && named === undefined) preloadVulkan(dirname(driver));
  // Dawn goes away when the object that create() returns is collected: the module keeps it.
  installed = create([`disable-dawn-features=${DAWN_DISABLED}`]);
  Object.assign(globalThis, globals);
  const navigator = globalThis.navigator as Navigator | undefined;
  if (navigator === undefined) Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true, writable: true });
  Object.defineProperty(globalThis.navigator, "gpu", { value: installed, configurable: true, writable: true });
  return installed;
}

/**
 * Loads the Vulkan loader that Chromium ships beside its driver, for machines without one of their own: Dawn then finds it by its name.
 * Node takes it for an addon and complains, but the flag keeps it in the process.
 */
function preloadVulkan(folder: string): void {
  const loader = join(folder, "libvulkan.so.1");
  if (process.platform !== "linux" || !existsSync(loader)) return;
  try {
    process.dlopen({ exports: {} }, loader, constants.dlopen.RTLD_LAZY | RTLD_NODELETE);
  } catch (error) {
    if (!String(error).includes("did not self-register")) throw error;
  }
}
