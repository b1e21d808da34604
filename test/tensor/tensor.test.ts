// class Tensor beyond its operators: what was released stays released, and how large a tensor may be.
import { beforeAll, describe, expect, it } from "vitest";
import { backward, grad } from "../../src/autograd/engine.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { tidy } from "../../src/autograd/scope.ts";
import { ArgumentError, DeviceError, DtypeError, ShapeError, GradError } from "../../src/base/errors.ts";
import { ones, onesLike, tensor, zeros } from "../../src/tensor/create.ts";
import { init, memory } from "../../src/tensor/device.ts";
import { functions } from "../../src/tensor/methods.ts";
import { saveSafetensors } from "../../src/io/index.ts";
import { Buffer, Linear, Module, Parameter } from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

class Pair extends Module {
  p = new Parameter(ones(2));
}

onEveryDevice((device) => {
  /** Handles that were given back, by how that came about. */
  const releases: Readonly<Record<string, () => Tensor>> = {
    "dispose()": () => {
      const x = tensor([7, 8]).mul(2);
      x.dispose();
      return x;
    },
    "tidy()": () => {
      let x: Tensor;
      tidy(() => {
        x = tensor([7, 8]).mul(2);
      });
      return x!;
    },
    "dispose() of a constant": () => {
      const x = ones(2);
      x.dispose();
      return x;
    },
    "dispose() beside a view that lives": () => {
      const x = tensor([7, 8]).mul(2);
      x.view(1, 2);
      x.dispose();
      return x;
    },
    "tidy() of a view": () => {
      let v: Tensor;
      tidy(() => {
        v = tensor([7, 8, 9]).mul(2).slice(0, 0, 2);
      });
      return v!;
    },
    "tidy() of another handle": () => {
      let v: Tensor;
      tidy(() => {
        v = tensor([7, 8]).mul(2).detach();
      });
      return v!;
    },
  };
  /** Everything that could look at, or write to, what was given back. */
  const uses: Readonly<Record<string, (x: Tensor) => unknown>> = {
    data: (x) => x.array(),
    item: (x) => x.item(),
    tolist: (x) => x.tolist(),
    toText: (x) => x.toText(),
    cpu: (x) => x.cpu(),
    saveSafetensors: (x) => saveSafetensors({ x }),
    "to a device": (x) => x.to(device),
    "to a dtype": (x) => x.to("int32"),
    "to itself": (x) => x.to("float32"),
    "an operator": (x) => x.add(1),
    "the second operand": (x) => ones(2).add(x),
    "a reduction": (x) => x.sum(),
    "a list of operands": (x) => functions.cat([ones(2), x]),
    "a view": (x) => x.view(-1),
    "a view of no elements": (x) => x.slice(0, 0, 0),
    reshape: (x) => x.reshape(-1),
    detach: (x) => x.detach(),
    clone: (x) => x.clone(),
    contiguous: (x) => x.contiguous(),
    fill_: (x) => x.fill_(3),
    zero_: (x) => x.zero_(),
    add_: (x) => x.add_(1),
    copy_: (x) => x.copy_(ones(2)),
    "the source of copy_": (x) => zeros(2).copy_(x),
    "an index": (x) => ones(20).index([x]),
    grad: (x) => {
      ones(2).grad = x;
    },
    backward: (x) => backward(x, onesLike(x)),
    "autograd.grad": (x) => grad(ones(2, { requiresGrad: true }).sum(), x),
    registerHook: (x) => x.registerHook(() => undefined),
    "a parameter": (x) => new Parameter(x),
    "a buffer": (x) => new Buffer(x),
    "loadStateDict from it": (x) => new Pair().loadStateDict({ p: x }),
  };

  describe.each(Object.entries(releases))("after %s", (_how, release) => {
    it.each(Object.entries(uses))("%s is refused", async (_what, use) => {
      const x = release();
      const result = (async () => use(x))();
      await expect(result).rejects.toThrow(DeviceError);
      await expect(result).rejects.toThrow(/^[\w.]+: its memory was released \(by dispose\(\) or tidy\(\)\)$/);
    });
  });

  it("a parameter that was disposed of is neither trained nor loaded into", () => {
    const layer = new Linear(2, 1, false);
    layer.call(ones(1, 2)).sum().backward();
    const optimizer = new SGD(layer.parameters(), { lr: 0.1 });
    const saved = { weight: tensor([[1, 2]]) };
    layer.weight.dispose();
    expect(() => optimizer.step()).toThrow(/its memory was released/);
    expect(() => layer.loadStateDict(saved)).toThrow(/its memory was released/);
  });

  it("what still has a handle lives on: views of a tensor that was disposed of, and their history", async () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = x.mul(2);
    const view = y.view(2, 1);
    y.dispose();
    await expectValues(view, [2, 4]);
    view.mul_(3);
    view.sum().backward();
    await expectValues(x.grad, [6, 6]);
  });

  it("refusals leave no memory behind", () => {
    const before = memory();
    const x = tensor([7, 8]).mul(2);
    x.dispose();
    for (const use of [uses["fill_"]!, uses["a view"]!, uses["the second operand"]!]) expect(() => use(x)).toThrow(DeviceError);
    if (device === "webgpu") expect(memory().gpuBytes).toBe(before.gpuBytes + 8);
  });

  describe("more than 2147483647 elements are a ShapeError", () => {
    const many = [65536, 65536] as const;
    const tall = (): Tensor => ones(65536, 1);
    it.each<[string, () => unknown]>([
      ["expand", () => tensor([1]).expand(...many)],
      ["broadcastTo", () => tensor([1]).broadcastTo(...many)],
      ["expandAs", () => tensor([1]).expandAs(tall().expand(65536, 32767).expand(2, 65536, 32767))],
      ["a broadcast result", () => tall().clone().add(ones(1, 65536).clone())],
      ["a broadcast result of constants", () => tall().add(ones(1, 65536))],
      ["a comparison", () => tall().gt(ones(1, 65536))],
      ["matmul", () => tall().clone().matmul(ones(1, 65536).clone())],
      ["outer", () => tall().view(-1).outer(tall().view(-1))],
      ["repeat", () => tensor([1, 2]).repeat(65536, 65536)],
      ["asStrided", () => tensor([1]).asStrided(many, [0, 0])],
      ["zeros", () => zeros(...many)],
      ["zeros of sizes whose product is no number", () => zeros(1e200, 1e200, 0)],
      ["pad", () => tensor([1]).pad([2 ** 31, 0])],
    ])("%s", (_name, call) => {
      const before = memory();
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(/has (\d+|NaN) elements \(at most 2147483647\)$/);
      expect(memory().gpuReservedBytes - before.gpuReservedBytes).toBeLessThan(4 << 20);
    });

    it("sum of as many as there may be", async () => {
      const x = noGrad(() => tensor([1]).expand(46340, 46340));
      expect(x.numel()).toBe(46340 ** 2);
    });
  });

  describe("where JavaScript would make a number or JSON of a tensor", () => {
    it.each<[string, (x: number) => unknown]>([
      ["loss > best", (x) => x > 0],
      ["total += loss", (x) => (x += 1)],
      ["1 + x", (x) => 1 + x],
      ["-x", (x) => -x],
      ["Math.max", (x) => Math.max(x, 1)],
      ["text + x", (x) => "loss " + x],
    ])("%s is refused", (_what, use) => {
      const x = tensor(2) as unknown as number;
      expect(() => use(x)).toThrow(DtypeError);
      expect(() => use(x)).toThrow(
        "tensor: a tensor is no number (await item() for its value, add(), lt() and the like to compute with it)",
      );
    });

    it("JSON.stringify is refused, also of what holds one", () => {
      for (const value of [tensor([1, 2]), { loss: tensor(1) }])
        expect(() => JSON.stringify(value)).toThrow("tensor: a tensor is no JSON (await tolist(), or saveSafetensors())");
    });

    it("String() and templates print", () => {
      const x = tensor([1, 2], { device: "cpu" });
      expect(String(x)).toBe("tensor([1., 2.])");
      expect(`${x as unknown as string}`).toBe("tensor([1., 2.])");
    });
  });

  describe("properties of other spellings", () => {
    it.each([
      ["requires_grad", "write requiresGrad"],
      ["requiresgrad", "write requiresGrad"],
      ["grad_fn", "write gradFn"],
      ["is_leaf", "write isLeaf"],
    ])("%s is refused, assigned to and read", (name, remedy) => {
      const x = tensor([1]) as unknown as Record<string, unknown>;
      expect(() => (x[name] = true)).toThrow(`tensor: ${name} is no property (${remedy})`);
      expect(() => x[name]).toThrow(ArgumentError);
    });
  });

  describe("x.data", () => {
    it("is the same memory outside of the graph: p.data.clamp_() writes into p", async () => {
      const p = new Parameter(tensor([-2, 0.5, 3]));
      const { data } = p;
      expect([data.requiresGrad, data.storage === p.storage]).toEqual([false, true]);
      expect(p.data.clamp_(0, 1).isLeaf).toBe(true);
      await expectValues(p, [0, 0.5, 1]);
      p.mul(2).sum().backward();
      await expectValues(p.grad, [2, 2, 2]);
    });

    it("can be set: p.data = w takes the elements of w over, and p stays a leaf that requires its gradient", async () => {
      const p = new Parameter(tensor([1, 2]));
      const w = tensor([3, 4, 5]);
      p.data = w;
      expect([p.shape, p.requiresGrad, p.isLeaf]).toEqual([[3], true, true]);
      p.data.mul_(2);
      await expectValues(w, [6, 8, 10]);
      p.square().sum().backward();
      await expectValues(p.grad, [12, 16, 20]);
    });

    it("refuses what is no tensor, and results of operators", () => {
      const p = new Parameter(tensor([1, 2]));
      expect(() => ((p as { data: unknown }).data = [3, 4])).toThrow("data: value must be a tensor, got ");
      expect(() => (p.mul(2).data = tensor([1, 2]))).toThrow(GradError);
    });
  });

  it("size(), size(d), dim() and numel() are PyTorch's", () => {
    const x = zeros([2, 3, 4]);
    expect([x.size(), x.size(0), x.size(-1), x.dim(), x.numel()]).toEqual([[2, 3, 4], 2, 4, 3, 24]);
    expect([zeros([]).size(), zeros([]).dim(), zeros([]).numel()]).toEqual([[], 0, 1]);
    expect(() => x.size(3)).toThrow(ShapeError);
    expect(() => (x.size as (...rest: number[]) => unknown)(0, 1)).toThrow(ArgumentError);
  });

  describe("to() and cpu() of views", () => {
    beforeAll(async () => {
      await init({ device: "webgpu" });
      await init({ device });
    });
    const views: Readonly<Record<string, [(x: Tensor) => Tensor, unknown]>> = {
      transposed: [(x) => x.t(), [[1, 4], [2, 5], [3, 6]]],
      "with an offset": [(x) => x.select(0, 1), [4, 5, 6]],
      "with steps": [(x) => x.slice(1, 0, 3, 2), [[1, 3], [4, 6]]],
      expanded: [(x) => x.narrow(1, 1, 1).expand(2, 3), [[2, 2, 2], [5, 5, 5]]],
      "of one element": [(x) => x.select(0, 1).select(0, 2), 6],
      "of none": [(x) => x.slice(0, 0, 0), []],
    }; // prettier-ignore
    it.each(Object.entries(views))("%s", async (_what, [make, expected]) => {
      for (const dtype of ["float32", "int32", "uint8"] as const) {
        const x = make(tensor([[1, 2, 3], [4, 5, 6]], { dtype })); // prettier-ignore
        expect(await (await x.cpu()).tolist()).toEqual(expected);
        expect(await (await x.cpu()).to("webgpu").tolist()).toEqual(expected);
        expect(await x.to({ dtype: "float32" }).tolist()).toEqual(expected);
        expect(await x.to({ copy: true }).tolist()).toEqual(expected);
      }
    });
  });
});
