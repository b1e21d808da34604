// Calls of everything public with arguments that do not belong there: they work, or a typed error says what is wrong.
import { isGradEnabled } from "../../../src/autograd/mode.ts";
import { WengertError } from "../../../src/base/errors.ts";
import { webGpuDevice } from "../../../src/tensor/device.ts";
import { Rng } from "../random.ts";
import { aliens } from "./aliens.ts";
import { families } from "./targets.ts";

/** Longer than any answer takes: a call that does not settle is reported, not waited for. */
const patience = 20_000;

const settles = async (result: unknown): Promise<unknown> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("does not settle")), patience);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** A few elements of an asynchronous or plain iterator, as a loop would take them. */
async function sipped(result: unknown): Promise<void> {
  const iterator = result as Partial<AsyncIterator<unknown>> | null | undefined;
  if (typeof iterator?.next !== "function" || typeof result !== "object") return;
  for (let i = 0; i < 3; i++) if (((await settles(iterator.next())) as IteratorResult<unknown>).done) return;
}

/** What is wrong with case `index` of a family; undefined when nothing is. */
export async function checkCall(family: ReturnType<(typeof families)[string]>, seed: number, index: number): Promise<string | undefined> {
  const rng = new Rng(seed, index);
  const target = rng.pick(family);
  const device = webGpuDevice() && rng.chance(0.3) ? "webgpu" : "cpu";
  const args = aliens(rng, device);
  const shown = `${target.name}(${args.map(({ text }) => text).join(", ")}) on ${device}`;
  try {
    await sipped(await settles(target.call(args.map(({ value }) => value))));
  } catch (error) {
    if (!(error instanceof WengertError))
      return `${shown}: ${(error as Error | undefined)?.name}: ${(error as Error | undefined)?.message}`;
    if (error.op === "") return `${shown}: no operator named: ${error.message}`;
  }
  return isGradEnabled() ? undefined : `${shown}: recording stays off`;
}

/** Reports of what is wrong among cases `from` to `from + count`, at most twenty. */
export async function searchArguments(name: string, seed: number, from: number, count: number): Promise<string[]> {
  const family = families[name]!();
  const reports: string[] = [];
  for (let index = from; index < from + count && reports.length < 20; index++) {
    const wrong = await checkCall(family, seed, index);
    if (wrong) reports.push(`FUZZ_SEED=${seed} FUZZ_FAMILY=${name} FUZZ_INDEX=${index}: ${wrong}`);
  }
  const device = webGpuDevice();
  await device?.sync().catch((error: unknown) => reports.push(`FUZZ_SEED=${seed} FUZZ_FAMILY=${name}: the device was lost: ${String(error)}`)); // prettier-ignore
  return reports;
}
