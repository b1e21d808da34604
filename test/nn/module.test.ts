// Module: what it finds in its properties, its state, its hooks and how it prints.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tidy } from "../../src/autograd/scope.ts";
import { ArgumentError, DeviceError, FormatError, GradError, ShapeError } from "../../src/base/errors.ts";
import { manualSeed } from "../../src/base/random.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import { Adam } from "../../src/optim/index.ts";
import {
  BatchNorm2d,
  Buffer,
  Conv2d,
  Embedding,
  Flatten,
  Identity,
  Linear,
  Module,
  ModuleList,
  Parameter,
  ReLU,
  Sequential,
} from "../../src/nn/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** y = scale · x + shift, with a shared child and a buffer that is not saved. */
class Affine extends Module {
  scale = new Parameter(tensor([2, 3]));
  shift: Parameter | null = new Parameter(tensor([10, 20]));
  seen = new Buffer(zeros([1]));
  scratch = new Buffer(zeros([1]), { persistent: false });
  constructor(inner: Module = new Identity()) {
    super();
    this.inner = inner;
    this.again = inner;
  }
  inner: Module;
  again: Module;
  list = [new Linear(1, 1)];
  override forward(x: Tensor): Tensor {
    const y = x.mul(this.scale);
    return this.shift ? y.add(this.shift) : y;
  }
}

describe.each(["cpu", "webgpu"] as const)("Module on %s", (device) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));

  it("finds parameters, buffers and modules in properties, each once, in PyTorch's order", () => {
    const model = new Affine(new Sequential(new Linear(2, 3), new ReLU()));
    expect([...model.namedParameters()].map(([name]) => name)).toEqual(["scale", "shift", "inner.0.weight", "inner.0.bias"]);
    expect([...model.namedParameters("net", false)].map(([name]) => name)).toEqual(["net.scale", "net.shift"]);
    expect([...model.parameters()].length).toBe(4);
    expect([...model.namedBuffers()].map(([name]) => name)).toEqual(["seen", "scratch"]);
    expect([...model.namedModules()].map(([name]) => name)).toEqual(["", "inner", "inner.0", "inner.1"]);
    expect([...model.namedChildren()].map(([name]) => name)).toEqual(["inner"]);
    // A state dict holds a shared module under each of its names; an array is no place for modules.
    expect(Object.keys(model.stateDict())).toEqual([
      "scale",
      "shift",
      "seen",
      "inner.0.weight",
      "inner.0.bias",
      "again.0.weight",
      "again.0.bias",
    ]);
    expect(Object.keys(new BatchNorm2d(3).stateDict())).toEqual(["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]);
    expect(Object.keys(new Sequential(...Array.from({ length: 11 }, () => new Linear(1, 1, false))).stateDict()).slice(-2)).toEqual([
      "9.weight",
      "10.weight",
    ]);
  });

  it("computes, trains and copies state", async () => {
    const model = new Affine();
    const x = tensor([1, 2]);
    const y = model.call(x);
    expect(await y.tolist()).toEqual([12, 26]);
    y.sum().backward();
    expect(await model.scale.grad!.tolist()).toEqual([1, 2]);
    model.zeroGrad({ setToNone: false });
    expect(await model.scale.grad!.tolist()).toEqual([0, 0]);
    model.zeroGrad();
    expect(model.scale.grad).toBeNull();
    const other = new Affine();
    const memory = other.scale;
    const report = other.loadStateDict({ scale: tensor([5, 6]), shift: tensor([0, 1], { dtype: "int32" }), seen: tensor([9]) });
    expect(report).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(other.scale).toBe(memory);
    expect(await other.call(x).tolist()).toEqual([5, 13]);
    expect(other.shift!.dtype).toBe("float32");
    // The dict shares memory with the model, as in PyTorch.
    other.stateDict()["scale"]!.mul_(2);
    expect(await other.scale.tolist()).toEqual([10, 12]);
  });

  it("refuses a state dict that does not fit, and loads nothing of it", async () => {
    const model = new Affine();
    const good = { scale: tensor([7, 7]), shift: tensor([7, 7]), seen: tensor([7]) };
    const cases: [Record<string, Tensor>, new (...a: never[]) => Error, string][] = [
      [{ ...good, extra: tensor([1]) }, FormatError, "unexpected extra"],
      [{ scale: good.scale, shift: good.shift }, FormatError, "missing seen"],
      [{ ...good, shift: tensor([1, 2, 3]) }, ShapeError, "shift is [3] in the dict, [2] in the model"],
      [{ ...good, shift: [1, 2] as unknown as Tensor }, ArgumentError, "shift is object, not a tensor"],
    ];
    for (const [dict, type, message] of cases) {
      const load = (): unknown => model.loadStateDict(dict);
      expect(load).toThrow(type);
      expect(load).toThrow(message);
    }
    expect(() => model.loadStateDict({ shift: tensor([1]) }, { strict: false })).toThrow(ShapeError);
    expect(await model.scale.tolist()).toEqual([2, 3]);
    expect(
      model.loadStateDict(
        new Map([
          ["scale", good.scale],
          ["extra", good.seen],
        ]),
        { strict: false },
      ),
    ).toEqual({ missingKeys: ["shift", "seen"], unexpectedKeys: ["extra"] });
    expect(await model.scale.tolist()).toEqual([7, 7]);
  });

  it("lives through tidy with its state", async () => {
    const model = tidy(() => new Affine());
    const made = tidy(() => {
      const layer = new Linear(2, 2);
      layer
        .call(ones([1, 2]))
        .sum()
        .backward();
      return layer;
    });
    expect(await model.call(tensor([1, 1])).tolist()).toEqual([12, 23]);
    expect(await made.weight.grad!.tolist()).toEqual([
      [1, 1],
      [1, 1],
    ]);
    model.loadStateDict(tidy(() => new Affine().stateDict()));
    expect(await model.scale.tolist()).toEqual([2, 3]);
  });

  it("switches modes, gradients and applies functions children first", () => {
    const model = new Sequential(new Linear(1, 1), new Sequential(new ReLU()));
    expect([...model.eval().modules()].map((m) => m.training)).toEqual([false, false, false, false]);
    expect([...model.train().modules()].every((m) => m.training)).toBe(true);
    expect([...model.requiresGrad_(false).parameters()].some((p) => p.requiresGrad)).toBe(false);
    const order: string[] = [];
    model.apply((m) => void order.push(m.constructor.name));
    expect(order).toEqual(["Linear", "ReLU", "Sequential", "Sequential"]);
  });

  it("calls forward hooks around forward, and takes what they return", async () => {
    const model = new Affine();
    const log: unknown[] = [];
    const handles = [
      model.registerForwardPreHook((m, args) => {
        log.push(m === model, args.length);
        return [(args[0] as Tensor).add(1)];
      }),
      model.registerForwardHook((_m, args, out) => {
        log.push((args[0] as Tensor).shape, (out as Tensor).shape);
        return (out as Tensor).neg();
      }),
    ];
    expect(await model.call(tensor([0, 0])).tolist()).toEqual([-12, -23]);
    expect(log).toEqual([true, 1, [2], [2]]);
    for (const h of handles) h.remove();
    expect(await model.call(tensor([0, 0])).tolist()).toEqual([10, 20]);
  });

  it("calls backward hooks with the gradients of inputs and outputs", async () => {
    const model = new Affine();
    const seen: unknown[] = [];
    const handle = model.registerFullBackwardHook((m, gradInput, gradOutput) => {
      seen.push(m === model, gradInput.length, gradOutput.length);
      return gradInput.map((g) => g?.mul(10));
    });
    const x = tensor([1, 1], { requiresGrad: true });
    model.call(x).sum().backward();
    expect(seen).toEqual([true, 1, 1]);
    expect(await x.grad!.tolist()).toEqual([20, 30]);
    expect(await model.scale.grad!.tolist()).toEqual([1, 1]);
    model
      .call(tensor([1, 1]))
      .sum()
      .backward();
    expect(seen.length).toBe(6);
    handle.remove();
    x.grad = null;
    model.call(x).sum().backward();
    expect(await x.grad!.tolist()).toEqual([2, 3]);
  });

  it("gives backward hooks a gradient for every argument, also of a tensor that comes twice, and lists of outputs", async () => {
    class Pair extends Module {
      override forward(a: Tensor, b: Tensor, at: Tensor): Tensor[] {
        return [a.mul(b).indexSelect(0, at), a.add(b)];
      }
    }
    const model = new Pair();
    let seen: [readonly unknown[], readonly unknown[]] = [[], []];
    model.registerFullBackwardHook((_m, gradInput, gradOutput) => {
      seen = [gradInput.map((g) => g?.shape), gradOutput.map((g) => g?.shape)];
    });
    const x = tensor([2, 3], { requiresGrad: true });
    const [product] = model.call(x, x, tensor([1], { dtype: "int32" }));
    product!.sum().backward();
    expect(seen).toEqual([
      [[2], [2], undefined],
      [[1], undefined],
    ]);
    expect(await x.grad!.tolist()).toEqual([0, 6]);
  });

  it("keeps parameters the same objects when it moves, so that optimisers go on", async () => {
    const model = new Affine();
    const { scale } = model;
    const [p] = [...model.parameters()];
    model
      .call(tensor([1, 2]))
      .sum()
      .backward();
    await model.cpu();
    expect([scale.device.type, p === scale, scale.grad!.device.type]).toEqual(["cpu", true, "cpu"]);
    model.double();
    expect([scale.dtype, model.seen.dtype, scale.grad!.dtype]).toEqual(["float64", "float64", "float64"]);
    const adam = new Adam(model.parameters(), { lr: 1 });
    adam.step();
    expect(Math.abs(Number((await scale.array())[0]) - 1)).toBeLessThan(1e-6);
    model.zeroGrad();
    model
      .call(tensor([1, 2], { dtype: "float64", device: "cpu" }))
      .sum()
      .backward();
    expect(await scale.grad!.tolist()).toEqual([1, 2]);
    model.to({ dtype: "float32", device });
    expect([scale.device.type, scale.dtype]).toEqual([device, "float32"]);
    expect(await model.call(tensor([0, 0])).tolist()).toEqual(await model.shift!.tolist());
    if (device === "webgpu") expect(() => model.to("cpu")).toThrow(DeviceError);
    expect(() => model.to("int32")).toThrow(ArgumentError);
    expect(() => model.to("cuda" as never)).toThrow("there is no device cuda");
    expect(model.to(device, "float32")).toBe(model);
  });
});

describe("Module", () => {
  it("registers buffers and parameters by name", () => {
    const model = new Module();
    model.registerBuffer("mask", ones([2]));
    model.registerBuffer("cache", ones([1]), { persistent: false });
    model.registerParameter("weight", new Parameter(ones([3])));
    model.registerParameter("bias", null);
    expect(Object.keys(model.stateDict())).toEqual(["weight", "mask"]);
    // A plain tensor put in a buffer's place is the buffer.
    Object.assign(model, { mask: zeros([2]) });
    expect(Object.keys(model.stateDict())).toEqual(["weight", "mask"]);
    expect(() => model.registerBuffer("a.b", ones([1]))).toThrow(ArgumentError);
    expect(() => model.registerBuffer("training", ones([1]))).toThrow("already has a property training");
    expect(() => model.registerParameter("w", ones([1]) as Parameter)).toThrow("w is object, not a Parameter");
    expect(() => model.call()).toThrow("has no forward");
    expect(() => new Parameter(tensor([1], { dtype: "int32" }))).toThrow(GradError);
    expect(new Parameter(tensor([1], { dtype: "int32" }), false).requiresGrad).toBe(false);
  });

  it("has containers that behave like lists", () => {
    const layers = [new Linear(1, 1), new ReLU()];
    const list = new ModuleList(layers).append(new Flatten()).insert(1, new Identity());
    expect([...list].map((m) => m.constructor.name)).toEqual(["Linear", "Identity", "ReLU", "Flatten"]);
    expect([list.length, list[0] === layers[0], list.at(-1) instanceof Flatten]).toEqual([4, true, true]);
    expect(() => new Sequential(3 as unknown as Module)).toThrow("0 is number, not a Module");
    for (const name of ["training", "constructor", "toString", "__proto__", "forward", "", "a.b"])
      expect(() => new Sequential({ [name]: new ReLU() }), name).toThrow(`the name ${name} is not allowed`);
    const named = new Sequential({ conv: new Conv2d(1, 2, 3), act: new ReLU() });
    expect(Object.keys(named.stateDict())).toEqual(["conv.weight", "conv.bias"]);
  });

  it("prints as PyTorch does", () => {
    class Net extends Module {
      features = new Sequential(new Conv2d(1, 6, 5, { padding: 2 }), new ReLU());
      classifier = new Linear(6, 10, false);
      table = new Embedding(5, 3, { paddingIdx: 1 });
    }
    expect(String(new Net())).toBe(
      `Net(
  (features): Sequential(
    (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    (1): ReLU()
  )
  (classifier): Linear(in_features=6, out_features=10, bias=False)
  (table): Embedding(5, 3, padding_idx=1)
)`,
    );
  });

  it("shares a module's gradients among its uses", async () => {
    manualSeed(0);
    const twin = new Linear(2, 1, false);
    const [a, b] = [tensor([[1, 2]]), tensor([[3, 4]])];
    twin.call(a).add(twin.call(b)).sum().backward();
    expect(await twin.weight.grad!.tolist()).toEqual([[4, 6]]);
  });
});

describe("names that objects have a meaning for", () => {
  it.each(["isPrototypeOf", "toString", "hasOwnProperty", "valueOf"])("%s is a parameter's name as any other", async (name) => {
    const model = new Module();
    Object.defineProperty(model, name, { value: new Parameter(tensor([1])), enumerable: true, writable: true });
    expect(Object.keys(model.stateDict())).toEqual([name]);
    expect(model.loadStateDict(new Map([[name, tensor([5])]]))).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(await [...model.parameters()][0]!.tolist()).toEqual([5]);
    expect(new Module().loadStateDict({ [name]: tensor([1]) }, { strict: false }).unexpectedKeys).toEqual([name]);
  });

  it.each(["constructor", "toString", "__proto__", "forward", "a.b", ""])("registerParameter() and registerBuffer() refuse %j", (name) => {
    const model = new Module();
    expect(() => model.registerParameter(name, new Parameter(tensor([1])))).toThrow(ArgumentError);
    expect(() => model.registerBuffer(name, tensor([1]))).toThrow(ArgumentError);
    expect(Object.getPrototypeOf(model)).toBe(Module.prototype);
  });
});

describe("assignments to a module's state", () => {
  const layer = (): Record<string, unknown> => new Linear(2, 2) as never;
  class Net extends Module {
    scale = new Parameter(ones(2));
    seen = new Buffer(zeros(2), { persistent: false });
    inner: unknown = new Identity();
    override forward(x: Tensor): Tensor {
      return x.mul(this.scale);
    }
  }

  it.each<[string, () => unknown, string]>([
    [
      "a tensor as a parameter",
      () => (layer()["weight"] = ones(2, 2)),
      "Linear: cannot assign a tensor as parameter 'weight' (nn.Parameter or null expected)",
    ],
    [
      "a tensor as a parameter that is null",
      () => ((new Linear(2, 2, false) as unknown as Record<string, unknown>)["bias"] = ones(2)),
      "as parameter 'bias'",
    ],
    ["a number as a parameter", () => (layer()["weight"] = 1), "cannot assign number as parameter 'weight'"],
    ["a module as a parameter", () => (layer()["weight"] = new Identity()), "cannot assign a module as parameter 'weight'"],
    [
      "a number as a buffer",
      () => ((new BatchNorm2d(2) as unknown as Record<string, unknown>)["runningMean"] = 0),
      "as buffer 'runningMean' (nn.Buffer, Tensor or null expected)",
    ],
  ])("%s is refused", (_what, assign, message) => {
    expect(assign).toThrow(ArgumentError);
    expect(assign).toThrow(message);
  });

  it.each<[string, (net: Net) => unknown]>([
    ["parameters()", (net) => [...net.parameters()]],
    ["call()", (net) => net.call(ones(2))],
    ["stateDict()", (net) => net.stateDict()],
  ])("of one's own class are refused once %s has looked at it", (_what, look) => {
    const net = new Net();
    look(net);
    expect(() => (net.scale = ones(2) as never)).toThrow("Net: cannot assign a tensor as parameter 'scale'");
    expect(() => (net.inner = ones(2))).toThrow("cannot assign a tensor as child module 'inner' (nn.Module or null expected)");
    expect(() => (net.inner = (x: Tensor) => x)).toThrow("cannot assign function as child module 'inner'");
    expect([...net.parameters()].length).toBe(1);
  });

  it("what PyTorch takes: parameters anywhere, tensors for buffers, null, modules for buffers", async () => {
    const net = new Net();
    expect([...net.namedBuffers()].map(([name]) => name)).toEqual(["seen"]);
    (net as { seen: Tensor }).seen = tensor([5, 6]);
    expect(Object.keys(net.stateDict())).toEqual(["scale"]);
    expect(await [...net.buffers()][0]!.tolist()).toEqual([5, 6]);
    net.scale = new Parameter(tensor([1, 2, 3]));
    expect([...net.parameters()].map((p) => p.shape)).toEqual([[3]]);
    net.inner = new Parameter(zeros(1));
    expect([...net.namedParameters()].map(([name]) => name)).toEqual(["scale", "inner"]);
    expect(() => (net.inner = new Identity())).toThrow("as parameter 'inner'");
    (net as { scale: unknown }).scale = null;
    expect([...net.namedParameters()].map(([name]) => name)).toEqual(["inner"]);
    (net as { seen: unknown }).seen = new Linear(1, 1);
    expect([...net.namedParameters()].map(([name]) => name)).toEqual(["inner", "seen.weight", "seen.bias"]);
  });

  it("requiresGrad of a module, by any spelling, names requiresGrad_()", () => {
    for (const name of ["requiresGrad", "requires_grad", "requiresgrad"])
      expect(() => (layer()[name] = false)).toThrow(`module: ${name} is no property (call requiresGrad_())`);
  });
});
