// Weights that are parametrized or normed, fused layers and lazy layers: PyTorch's texts, keys and numbers, also for what is drawn.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manualSeed } from "../../src/base/random.ts";
import * as nn from "../../src/nn/index.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import { rand } from "../../src/tensor/sampling.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues } from "../devices.ts";
import { loadFixture } from "../golden/loader.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type State = Readonly<Record<string, Stored>>;
interface Layer {
  readonly layer: string;
  readonly args: readonly unknown[];
}
interface Fixture {
  readonly seed: number;
  readonly rate: number;
  readonly reparametrized: readonly (Layer & {
    readonly apply: string;
    readonly options: { readonly name?: string };
    readonly text: string;
    readonly input: Stored;
    readonly state: State;
    readonly steps: readonly { readonly output: Stored; readonly gradients: State; readonly state: State }[];
    readonly eval: Stored;
    readonly value?: Stored;
    readonly plain: { readonly text: string; readonly state: State; readonly output: Stored };
  })[];
  readonly fused: readonly (Layer & {
    readonly options: object;
    readonly norm: readonly [name: string, args: readonly unknown[]];
    readonly normState: State;
    readonly input: Stored;
    readonly state: State;
    readonly output: Stored;
  })[];
  readonly lazy: readonly (Layer & {
    readonly text: string;
    readonly after: string;
    readonly keys: readonly string[];
    readonly input: Stored;
    readonly output: Stored;
    readonly state: State;
    readonly next: number;
  })[];
}
const { seed, rate, ...fixture } = (await loadFixture("training/modules")) as Fixture;

type Utility = (module: nn.Module, options?: object) => nn.Module;
const make = ({ layer, args }: Layer): nn.Module => {
  const Class = (nn as unknown as Record<string, new (...args: readonly unknown[]) => nn.Module>)[layer]!;
  return new Class(...args);
};
const utility = (path: string): Utility =>
  path.split(".").reduce((space, step) => (space as Record<string, object>)[step]!, nn.utils as object) as Utility;
const stored = ({ shape, data }: Stored): Tensor => tensor(new Float32Array(data), { shape });
/** The numbers between -1 and 1 that weigh the outputs. */
const spread = (x: Tensor): Tensor => {
  const numbers = Array.from({ length: x.numel() }, (_, i) => (((37 * i + 11) % 201) - 100) / 100);
  return tensor(new Float32Array(numbers), { shape: x.shape });
};

const close = async (actual: Tensor | null | undefined, { shape, data }: Stored, bound = 2e-5): Promise<void> => {
  expect(actual?.shape).toEqual(shape);
  await expectValues(actual, data, bound);
};
async function sameState(module: nn.Module, state: State): Promise<void> {
  const own = module.stateDict();
  expect(Object.keys(own)).toEqual(Object.keys(state));
  for (const [key, value] of Object.entries(state)) await close(own[key], value).catch(blame(key));
}
const blame = (what: string) => (error: unknown) => Promise.reject(new Error(what, { cause: error }));
const title = (c: Layer & { readonly options?: object; readonly apply?: string }): string =>
  `${c.apply ?? ""} ${c.layer}(${JSON.stringify(c.args)}) ${JSON.stringify(c.options ?? {})}`;

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));

  it.each(fixture.reparametrized.map((c) => [title(c), c] as const))("%s", async (_title, c) => {
    manualSeed(seed);
    const module = utility(c.apply)(make(c), c.options);
    expect(String(module)).toBe(c.text);
    await sameState(module, c.state);
    const x = stored(c.input);
    for (const [i, step] of c.steps.entries()) {
      module.zeroGrad();
      const y = module.call(x) as Tensor;
      y.mul(spread(y)).sum().backward();
      await close(y, step.output).catch(blame(`output ${i}`));
      for (const [name, p] of module.namedParameters()) await close(p.grad, step.gradients[name]!, 1e-4).catch(blame(`gradient ${name}`));
      noGrad(() => {
        for (const p of module.parameters()) p.sub_(p.grad!.mul(rate));
      });
      await sameState(module, step.state).catch(blame(`state ${i}`));
    }
    module.eval();
    await close(module.call(x) as Tensor, c.eval);
    if (c.value) await close((module as unknown as { weight: Tensor }).weight, c.value);
    // A copy computes the same, and goes its own way.
    const copy = module.clone();
    await close(copy.call(x) as Tensor, c.eval);
    const name = c.options.name ?? "weight";
    const away = (m: nn.Module): nn.Module =>
      c.apply.startsWith("parametrizations.")
        ? nn.utils.parametrize.removeParametrizations(m, name)
        : utility(c.apply.replace(/^./, (first) => `remove${first.toUpperCase()}`))(m, { name });
    for (const m of [module, copy]) {
      const plain = away(m);
      expect(plain).toBe(m);
      expect(String(plain)).toBe(c.plain.text);
      await sameState(plain, c.plain.state);
      await close(plain.call(x) as Tensor, c.plain.output);
    }
  });

  it.each(fixture.fused.map((c) => [title(c), c] as const))("%s with batch normalisation", async (_title, c) => {
    manualSeed(seed);
    const module = make(c).eval();
    const norm = make({ layer: c.norm[0], args: c.norm[1] }).eval();
    norm.loadStateDict(Object.fromEntries(Object.entries(c.normState).map(([key, value]) => [key, stored(value)])));
    const fuse = c.layer === "Linear" ? nn.utils.fuseLinearBnEval : nn.utils.fuseConvBnEval;
    const both = (fuse as (a: nn.Module, b: nn.Module, o?: object) => nn.Module)(
      module,
      norm,
      ...(c.layer === "Linear" ? [] : [c.options]),
    );
    expect(both).not.toBe(module);
    await sameState(both, c.state);
    await close(both.call(stored(c.input)) as Tensor, c.output);
    await close(norm.call(module.call(stored(c.input))) as Tensor, c.output);
  });

  it.each(fixture.lazy.map((c) => [title(c), c] as const))("%s", async (_title, c) => {
    const x = stored(c.input);
    manualSeed(seed);
    const module = make(c);
    expect(String(module)).toBe(c.text);
    expect(Object.keys(module.stateDict())).toEqual(c.keys);
    const copy = module.clone();
    await close(module.call(x) as Tensor, c.output);
    expect((await rand(1).array())[0]).toBeCloseTo(c.next, 6);
    expect(String(module)).toBe(c.after);
    await sameState(module, c.state);
    manualSeed(seed);
    await close(copy.call(x) as Tensor, c.output);
    expect(String(copy)).toBe(c.after);
    expect(copy.constructor).toBe(module.constructor);
  });
});
