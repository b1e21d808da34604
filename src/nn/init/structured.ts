// Initial weights with a structure: identities, and orthonormal rows.
import "../../ops/indexing/index.ts";
import { noGrad } from "../../autograd/mode.ts";
import { fillNormal } from "../../base/draws.ts";
import { ArgumentError } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { isWhole } from "../../base/random.ts";
import { entry } from "../../base/reading.ts";
import { dense } from "../../device/cpu.ts";
import { checkRank, operand } from "../../ops/arguments.ts";
import { eye, tensor } from "../../tensor/create.ts";
import { overwrite } from "../../tensor/dispatch.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fans, zeros_ } from "./drawn.ts";
import { type Initialiser, initialiser } from "./filling.ts";

/**
 * Ones on the diagonal of a matrix.
 * @example await nn.init.eye_(empty(2, 3)).tolist(); // → [[1, 0, 0], [0, 1, 0]]
 */
export function eye_(x: Tensor): Tensor {
  return entry("eye_", arguments, 1, () => {
    checkRank(operand(x).shape, 2, 2);
    const [rows = 0, m = 0] = x.shape;
    overwrite(x, eye(rows, { m, dtype: x.dtype, device: x.device.type }));
    return x;
  });
}

/** A convolution kernel [out, in, …] that hands each channel on unchanged, in each of `groups`. */
export function dirac_(x: Tensor, ...rest: [groups?: number] | [options: { groups?: number }]): Tensor {
  return entry("dirac_", arguments, Infinity, () => {
    const { groups } = parse(rest, { groups: 1 });
    checkRank(operand(x).shape, 3, 5);
    const [out = 0, , ...kernel] = x.shape;
    if (!isWhole(groups, 1) || out % groups !== 0) throw new ArgumentError(`${out} channels do not divide into ${groups} groups`);
    const per = out / groups;
    return noGrad(() => {
      zeros_(x);
      for (let at = 0; at < out; at += per) eye_(kernel.reduce((part, k) => part.select(2, Math.floor(k / 2)), x.narrow(0, at, per)));
      return x;
    });
  });
}

/** Orthonormal rows (or columns, whichever are fewer) of the tensor seen as a matrix [first, rest], times gain. */
export const orthogonal_: Initialiser<{ gain: number }> = /* @__PURE__ */ initialiser(
  "orthogonal_",
  { gain: 1 },
  (source, out, { gain }, x) => {
    const { fanIn } = fans(x);
    const rows = x.shape[0]!;
    const turned = (m: Tensor): Tensor => (rows < fanIn ? m : m.t());
    fillNormal(source, out, 0, 1);
    const units = turned(tensor(out, { shape: [rows, fanIn], dtype: "float64", device: "cpu" })).contiguous();
    // Gram–Schmidt, each projection twice: the Q of the QR decomposition whose R has a positive diagonal.
    for (let v = 0; v < units.shape[0]!; v++) {
      const before = units.narrow(0, 0, v);
      const project = (y: Tensor): Tensor => y.sub(y.matmul(before.t()).matmul(before));
      const unit = project(project(units.select(0, v)));
      overwrite(units.select(0, v), unit.div(unit.square().sum().sqrt()));
    }
    out.set(dense(turned(units).mul(gain)));
  },
);
