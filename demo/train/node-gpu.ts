// WebGPU for Node: Dawn, from the optional package `webgpu`.

/** Offers `navigator.gpu` when Dawn finds an adapter; otherwise says in a few words why there is none. */
export async function offerGpu(): Promise<string | undefined> {
  try {
    const { installDawn } = await import("../../test/setup/dawn.ts");
    const adapter = await installDawn().requestAdapter();
    return adapter ? undefined : "Dawn finds no adapter: there is no Vulkan driver (Debian: apt-get install chromium brings one)";
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
    return `the package webgpu cannot be used here: ${line}`;
  }
}
