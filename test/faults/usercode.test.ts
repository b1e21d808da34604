// Exceptions from code that a program hands to the library: they come out as they are, what they interrupted has not happened, and work goes on.
import { beforeAll, describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { onEveryDevice } from "../devices.ts";
import { watchRejections } from "./waits.ts";
import { Training } from "./workload.ts";

const planted = new Error("planted");
const fail = (..._given: readonly unknown[]): never => {
  throw planted;
};

/** The training of the workload, with a function of the program somewhere in its step. */
interface Disturbance {
  /** Runs a step (or something else) in which the program's function throws. */
  readonly attempt: (training: Training) => unknown;
}

type Hooked = (training: Training) => { remove(): void };
/** A step while something is registered that throws. */
const during =
  (register: Hooked): Disturbance["attempt"] =>
  async (training) => {
    const handle = register(training);
    try {
      await training.step(1, "whole");
    } finally {
      handle.remove();
    }
  };

const layer = ({ model }: Training, i: number): w.nn.Module => [...model][i]!;
const some = (): w.Tensor => w.tensor([1, 2, 3]).requiresGrad_();

class Broken extends w.autograd.Function {
  static forward(_ctx: w.autograd.Context, x: w.Tensor): w.Tensor {
    return x.mul(2);
  }
  static backward = fail;
}
class Unable extends w.autograd.Function {
  static forward = fail;
  static backward = fail;
}

const source = (length: number, get: (i: number) => unknown): w.data.Dataset => ({ length, get });
const once = <T>(dataset: w.data.Dataset, options: w.data.LoaderOptions<unknown, T> = {}): unknown => [
  ...new w.data.DataLoader(dataset, { batchSize: 2, ...options }),
];

const wgsl = `
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(64)
fn twice(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.size) { out[id.x] = 2.0 * x[id.x]; }
}`;
const twice = (broken: Partial<w.KernelDefinition<["x"]>>): ((x: w.Tensor) => w.Tensor) =>
  w.defineKernel({
    name: "twice",
    wgsl,
    inputs: ["x"],
    cpu: ({ x }, out) => x.forEach((v, i) => (out[i] = 2 * v)),
    backward: (g) => ({ x: () => g.mul(2) }),
    ...broken,
  });

const cases: Readonly<Record<string, Disturbance["attempt"]>> = {
  "a forward pre-hook": during((t) => layer(t, 4).registerForwardPreHook(fail)),
  "a forward hook": during((t) => layer(t, 0).registerForwardHook(fail)),
  "a backward hook of a module": during((t) => layer(t, 4).registerFullBackwardHook(fail)),
  "a hook of a parameter": during((t) => [...t.model.parameters()][2]!.registerHook(fail)),
  "a hook of a result": () => {
    const y = some().mul(2);
    y.registerHook(fail);
    y.sum().backward();
  },
  "forward of a module": during((t) => {
    layer(t, 5).forward = fail;
    return { remove: () => delete (layer(t, 5) as { forward?: unknown }).forward };
  }),
  "forward of a Function": () => Unable.apply(some()),
  "backward of a Function": () => Broken.apply(some()).sum().backward(),
  "a checkpointed function, at first": () => w.autograd.checkpoint(fail, some()),
  "a checkpointed function, when it runs again": () => {
    let runs = 0;
    const y = w.autograd.checkpoint((x: w.Tensor) => (++runs > 1 ? fail() : x.mul(2)), some());
    y.sum().backward();
  },
  "tidy(fn)": () => w.tidy(() => (some().mul(2), fail())),
  "noGrad(fn)": () => w.noGrad(() => (some().mul(2), fail())),
  "enableGrad(fn)": () => w.noGrad(() => w.enableGrad(fail)),
  "detectAnomaly(fn)": () => w.autograd.detectAnomaly(fail),
  "profile(fn)": () => w.profile(fail),
  "gradcheck(fn)": () => w.gradcheck(fail, [w.tensor([1], { device: "cpu", dtype: "float64", requiresGrad: true })]),
  "a closure of step()": ({ optimizer }) => optimizer.step(fail),
  "a closure of step(), after backward": ({ optimizer, model }) =>
    optimizer.step(() => {
      (model.call(w.ones(2, 1, 6, 6)) as w.Tensor).sum().backward();
      fail();
    }),
  "get of a data set": () => once(source(4, (i) => (i === 3 ? fail() : w.tensor([i])))),
  "length of a data set": () => once(Object.defineProperty(source(4, Number), "length", { get: fail })),
  "getBatch of a data set": () => once({ ...source(4, Number), getBatch: fail }),
  collateFn: () => once(source(4, Number), { collateFn: fail }),
  "a sampler": () => once(source(4, Number), { sampler: { length: 4, [Symbol.iterator]: fail } }),
  "an example that arrives asynchronously": async () => {
    const get = (i: number): unknown => (i === 1 ? Promise.reject(planted) : Promise.resolve(i));
    for await (const _ of new w.data.DataLoader(source(4, get), { batchSize: 2 }));
  },
  "an example that throws beside one that rejects": async () => {
    const get = (i: number): unknown => (i === 1 ? fail() : Promise.reject(planted));
    for await (const _ of new w.data.DataLoader(source(4, get), { batchSize: 2 }));
  },
  "collateFn of examples that arrive asynchronously": async () => {
    for await (const _ of new w.data.DataLoader(
      source(4, (i) => Promise.resolve(i)),
      { collateFn: fail },
    ));
  },
  "out of a kernel": () => twice({ out: fail })(some()),
  "params of a kernel": () => twice({ params: fail })(some()),
  "backward of a kernel": () => twice({ backward: fail })(some()).sum().backward(),
  "the gradient of a kernel": () =>
    twice({ backward: () => ({ x: fail }) })(some())
      .sum()
      .backward(),
};

onEveryDevice((device) => {
  const own: typeof cases =
    device === "cpu"
      ? { "the CPU twin of a kernel": () => twice({ cpu: fail })(some()) }
      : { "threads of a kernel": () => twice({ threads: fail })(some()) };

  it.each(Object.entries({ ...cases, ...own }))("%s", async (_name, attempt) => {
    const rejections = watchRejections();
    const undisturbed = new Training();
    const losses = [await undisturbed.step(0, "whole"), await undisturbed.step(1, "whole")];
    const training = new Training();
    expect(await training.step(0, "whole")).toBe(losses[0]);
    const before = await training.save();
    // What the program threw comes out, not another error in its place.
    await expect((async () => attempt(training))()).rejects.toBe(planted);
    expect(w.autograd.isGradEnabled()).toBe(true);
    expect(await training.save()).toEqual(before);
    training.optimizer.zeroGrad();
    expect(await training.step(1, "whole")).toBe(losses[1]);
    expect(await training.save()).toEqual(await undisturbed.save());
    await w.sync();
    rejections.stop();
    expect(rejections.heard).toEqual([]);
  });
});

describe("on webgpu", () => {
  beforeAll(async () => {
    expect((await w.init({ device: "webgpu" })).device).toBe("webgpu");
  });

  it("an update that throws between two parameters changes none, nor their counters", async () => {
    class Halfway extends w.optim.SGD {
      protected override update(...args: Parameters<w.optim.SGD["update"]>): void {
        super.update(args[0], args[1].slice(0, 1));
        fail();
      }
    }
    const training = new Training();
    await training.step(0, "whole");
    const optimizer = new Halfway(training.model.parameters(), { lr: 0.1, momentum: 0.9 });
    const before = await training.save();
    (training.model.call(w.ones(2, 1, 6, 6)) as w.Tensor).sum().backward();
    expect(() => optimizer.step()).toThrow(planted);
    expect(await training.save()).toEqual(before);
    expect([...optimizer.state.values()].flatMap((s) => Object.keys(s))).toEqual([]);
  });
});
