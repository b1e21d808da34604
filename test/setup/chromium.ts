import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

const MAC_APPS = ["Chromium.app/Contents/MacOS/Chromium", "Google Chrome.app/Contents/MacOS/Google Chrome"];

/** What to tell someone on whose machine no browser was found. */
export const CHROMIUM_MISSING =
  "no Chromium found: install one (Debian: `apt-get install chromium`), or put the path of a full Chromium or Chrome into CHROMIUM " +
  "(a headless shell will not do, it has no WebGPU)";

/** Shader compiles are 4 to 16 times faster on SwiftShader without this feature, and memory is still zeroed. */
export const DAWN_DISABLED = "use_vulkan_zero_initialize_workgroup_memory_extension";

/** Command line with which a headless Chromium offers WebGPU on any machine, GPU or not, and starts quietly. */
export const CHROMIUM_FLAGS: readonly string[] = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  `--disable-dawn-features=${DAWN_DISABLED}`,
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Path of an installed full Chromium: $CHROMIUM, then the PATH, then the usual places; undefined if there is none. */
export function findChromium(): string | undefined {
  const fromPath = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const folders = [...fromPath, "/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/google/chrome"];
  const candidates = [
    ...(process.env["CHROMIUM"] ? [process.env["CHROMIUM"]] : []),
    ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))),
    ...MAC_APPS.map((app) => join("/Applications", app)),
  ];
  return candidates.find(isExecutable);
}

/** As findChromium, but throws the sentence that says what to install. */
export function requireChromium(): string {
  const path = findChromium();
  if (path === undefined) throw new Error(CHROMIUM_MISSING);
  return path;
}

/** Path of the Vulkan driver description of SwiftShader that Chromium brings along; undefined if it is not there. */
export function findSwiftShader(): string | undefined {
  const chromium = findChromium();
  const beside = chromium === undefined ? [] : [dirname(realpathSync(chromium))];
  const folders = [...beside, "/usr/lib/chromium", "/usr/lib64/chromium-browser", "/usr/lib/chromium-browser", "/opt/google/chrome"];
  return folders.map((folder) => join(folder, "vk_swiftshader_icd.json")).find((file) => existsSync(file));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
