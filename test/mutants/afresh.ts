// Faults in records, judged in a process of their own by the samples of the operators concerned: WGSL against the CPU, rules against finite
// differences. The tree that it runs in has the fault.
//   tsx test/mutants/afresh.ts wgsl|rule operator…
import { isFloat } from "../../src/base/dtype.ts";
import { callOp, materialise } from "../../src/inspect/samples.ts";
import { checkOp } from "../../src/inspect/selftest.ts";
import "../../src/ops/all.ts";
import { records } from "../../src/ops/install.ts";
import { init } from "../../src/tensor/device.ts";
import { checkRule } from "../ops/replay.ts";
import { installDawn } from "../setup/dawn.ts";
import type { Answer } from "./near.ts";

const [kind, ...operators] = process.argv.slice(2);
const answer = kind === "wgsl" ? await byValues() : await byDifferences();
// The driver may have said something before.
process.stdout.write(`\n${JSON.stringify(answer)}`, () => process.exit());

async function byValues(): Promise<Answer> {
  installDawn();
  await init({ device: "webgpu" });
  for (const name of operators) {
    const { ok, failures } = await checkOp(name, "webgpu");
    if (failures.some((text) => text.includes("does not compile"))) return { stillborn: true };
    if (!ok) return { shownBy: name };
  }
  return { shownBy: "" };
}

async function byDifferences(): Promise<Answer> {
  for (const name of operators)
    for (const sample of records[name]!.samples)
      try {
        const call = materialise(sample, "cpu", "float64");
        const carrying = callOp(name, call.args).filter((out) => out.requiresGrad && isFloat(out.dtype));
        if (carrying.length > 0) await checkRule(name, call, carrying);
      } catch {
        return { shownBy: name };
      }
  return { shownBy: "" };
}
