// Faults in shader files, judged in a process of its own by the samples of the operators that run them: seconds instead of a run of the tests.
import type { Kernel, Launcher } from "../../src/device/kernel.ts";
import { memo } from "../../src/base/memo.ts";
import { bounds, checkOp } from "../../src/inspect/selftest.ts";
import "../../src/ops/all.ts";
import { init, webGpuDevice } from "../../src/tensor/device.ts";
import { installDawn } from "../setup/dawn.ts";

/** A shader file before and after, and the operators to ask. */
export interface Question {
  readonly from: string;
  readonly to: string;
  readonly operators: readonly string[];
}
/** The operator that shows the fault, "" for none; or that the file does not compile. */
export type Answer = { readonly shownBy: string } | { readonly stillborn: true };

installDawn();
await init({ device: "webgpu" });
const device = webGpuDevice()! as unknown as { launch: Launcher["launch"] };
const { launch } = device;
let faulty = (kernel: Kernel): Kernel => kernel;
device.launch = (kernel, ...rest) => launch(faulty(kernel), ...rest);

async function answer({ from, to, operators }: Question): Promise<Answer> {
  const made = new Map<Kernel, Kernel>();
  faulty = (kernel) => memo(made, kernel, () => ({ ...kernel, sources: kernel.sources.map((source) => (source === from ? to : source)) }));
  for (const name of operators) {
    const { value, gradient, second, failures } = await checkOp(name, "webgpu");
    if (failures.some((text) => text.includes("does not compile"))) return { stillborn: true };
    if (failures.length > 0 || value > bounds.value || gradient > bounds.gradient || second > bounds.second) return { shownBy: name };
  }
  return { shownBy: "" };
}

process.on("message", (question: Question) => {
  answer(question).then(
    (found) => process.send!(found, () => webGpuDevice()?.lost && process.exit()),
    () => process.exit(1),
  );
});
process.on("disconnect", () => process.exit());
process.send!({ shownBy: "" } satisfies Answer);
