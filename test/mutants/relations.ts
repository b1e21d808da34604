// Which operators run which WGSL functions: found by running every operator's samples and looking at what is linked for them.
import { link } from "../../src/device/webgpu/linker.ts";
import type { Launcher } from "../../src/device/kernel.ts";
import { init, webGpuDevice } from "../../src/tensor/device.ts";
import "../../src/ops/all.ts";
import { checkOp } from "../../src/inspect/selftest.ts";
import { firstNames } from "../../src/ops/install.ts";
import { installDawn } from "../setup/dawn.ts";

/** Names of operators by WGSL function, those that reach fewest functions first: their tests say most about it. */
export async function operatorsByFunction(): Promise<ReadonlyMap<string, readonly string[]>> {
  installDawn();
  await init({ device: "webgpu" });
  const device = webGpuDevice()! as unknown as { launch: Launcher["launch"] };
  const launch = device.launch;
  const reached = new Map<string, Set<string>>();
  let running = new Set<string>();
  device.launch = (kernel, ...rest) => {
    const { code } = link(kernel.sources, kernel.entry, kernel.spec);
    for (const [, name] of code.matchAll(/\bfn (\w+)\(/g)) running.add(name!);
    // A stand-in is known by the name it has in its file.
    for (const value of Object.values(kernel.spec)) if (typeof value === "string") running.add(value);
    launch(kernel, ...rest);
  };
  for (const [name] of firstNames()) {
    reached.set(name, (running = new Set()));
    await checkOp(name, "webgpu");
  }
  device.launch = launch;
  const operators = new Map<string, string[]>();
  for (const [operator, names] of [...reached].sort(([, a], [, b]) => a.size - b.size))
    for (const name of names) operators.set(name, [...(operators.get(name) ?? []), operator]);
  return operators;
}
