/** The page of the soak: trains in plain code, step after step, and throws on purpose if asked to. */
import * as w from "../src/index.ts";
import { buildModel } from "../demo/mnist/models.ts";

/** What is trained for how long. */
export interface SoakPlan {
  readonly model: "mlp" | "lenet";
  readonly batch: number;
  /** Throw from forward, from a gradient hook or inside the optimiser's step in one step of ten. */
  readonly faults: boolean;
}
/** Where a session stands after some steps. */
export interface SoakReport {
  readonly loss: number;
  readonly thrown: number;
  readonly gpuBytes: number;
  readonly gpuStorages: number;
  readonly reservedBytes: number;
  readonly cpuBytes: number;
}
export interface SoakSession {
  /** Starts a model of its own; the name of the adapter. */
  open(plan: SoakPlan): Promise<string>;
  run(steps: number): Promise<SoakReport>;
}

class Planted extends Error {}
const planted = (): never => {
  throw new Planted("planted");
};

/** An Adam whose update can be made to throw when it has everything ready. */
class Fragile extends w.optim.Adam {
  breaks = false;
  protected override update(...args: Parameters<w.optim.Adam["update"]>): void {
    if (this.breaks) planted();
    super.update(...args);
  }
}

function session(): SoakSession {
  let plan: SoakPlan;
  let model: w.nn.Sequential;
  let optimizer: Fragile;
  let done = 0;
  let thrown = 0;

  /** One plain step, as a tutorial would write it. */
  function step(): w.Tensor {
    const { batch } = plan;
    const images = Float32Array.from({ length: batch * 784 }, (_, i) => ((i * 7919 + done * 104729) % 1009) / 1009);
    const labels = Int32Array.from({ length: batch }, (_, i) => (i * 3 + done) % 10);
    const x = w.tensor(images, { shape: [batch, 1, 28, 28] });
    optimizer.zeroGrad();
    const logits = model.call(x) as w.Tensor;
    const loss = w.nn.functional.crossEntropy(logits, w.tensor(labels));
    if (where() === "backward") logits.registerHook(planted);
    loss.backward();
    optimizer.step();
    return loss;
  }
  const where = (): string => (plan.faults ? (["forward", "backward", "step"][(done * 7) % 30] ?? "") : "");

  function attempt(): w.Tensor | undefined {
    const hook = where() === "forward" ? [...model].at(-1)!.registerForwardPreHook(planted) : undefined;
    optimizer.breaks = where() === "step";
    try {
      return step();
    } catch (error) {
      if (!(error instanceof Planted)) throw error;
      thrown++;
      return undefined;
    } finally {
      hook?.remove();
    }
  }

  return {
    async open(given) {
      plan = given;
      const { name } = await w.init({ device: "webgpu" });
      w.manualSeed(0);
      model = buildModel(plan.model);
      optimizer = new Fragile(model.parameters(), { lr: 1e-3 });
      return name;
    },
    async run(steps) {
      let loss: w.Tensor | undefined;
      for (const end = done + steps; done < end; done++) {
        loss = attempt() ?? loss;
        // Most pages show a loss now and then; all let the device keep up.
        if (done % 10 === 0) await loss?.item();
        else await w.sync();
      }
      const value = (await loss?.item()) ?? NaN;
      if (loss && !Number.isFinite(value)) throw new Error(`the loss became ${value} by step ${done}`);
      const { gpuBytes, gpuStorages, gpuReservedBytes, cpuBytes } = w.memory();
      return { loss: value, thrown, gpuBytes, gpuStorages, reservedBytes: gpuReservedBytes, cpuBytes };
    },
  };
}

declare global {
  var soak: SoakSession;
}
globalThis.soak = session();
