// Weights with orthonormal rows or columns, by parametrization. Source: Lezcano-Casado (2019), arXiv:1909.09501.
import { noGrad } from "../../autograd/mode.ts";
import { checkKnown } from "../../base/checks.ts";
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { camel } from "../../base/python.ts";
import { entry } from "../../base/reading.ts";
import { sameShape } from "../../base/shape.ts";
import { checkRank } from "../../ops/arguments.ts";
import { functions } from "../../tensor/methods.ts";
import { randn } from "../../tensor/sampling.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import { tensorIn } from "./computed.ts";
import { registerParametrization } from "./parametrize.ts";
import { diagonalRow, exponential, orthogonalised, reflected, triangularised, unitLike } from "./reflections.ts";

export type OrthogonalMap = "matrixExp" | "cayley" | "householder";
export interface OrthogonalOptions {
  readonly name?: string;
  /** By default matrixExp for square matrices, householder for others. */
  readonly orthogonalMap?: OrthogonalMap | null;
  /** Whether what is trained moves the weight from where it was, kept in a buffer `base`. */
  readonly useTrivialization?: boolean;
}

class Orthogonal extends Module {
  static override readonly name: string = "_Orthogonal";
  readonly shape: readonly number[];
  readonly orthogonalMap: OrthogonalMap;
  readonly useTrivialization: boolean;
  declare base: Tensor | null;

  constructor(shape: readonly number[], orthogonalMap: OrthogonalMap, useTrivialization: boolean) {
    super();
    this.shape = shape;
    this.orthogonalMap = orthogonalMap;
    this.useTrivialization = useTrivialization;
    if (useTrivialization) this.registerBuffer("base", null);
  }
  override forward(x: Tensor): Tensor {
    const wide = x.shape.at(-2)! < x.shape.at(-1)!;
    const tall = wide ? x.mT() : x;
    const q = this.orthogonalMap === "householder" ? byReflections(tall) : byExponential(tall);
    const moved = this.useTrivialization ? this.base!.matmul(q) : q;
    return wide ? moved.mT() : moved;
  }
  rightInverse(weight: Tensor): Tensor | undefined {
    if (!sameShape(weight.shape, this.shape)) throw new ShapeError(`the weight is ${show(this.shape)}, got ${show(weight.shape)}`);
    const wide = weight.shape.at(-2)! < weight.shape.at(-1)!;
    const tall = wide ? weight.mT() : weight;
    const [n, k] = tall.shape.slice(-2) as [number, number];
    if (!this.useTrivialization) {
      if (this.orthogonalMap !== "householder") return undefined;
      const made = asReflections(tall);
      return (wide ? made.mT() : made).contiguous();
    }
    const batch = tall.shape.slice(0, -2);
    const rest = (): Tensor => randn([...batch, n, n - k], { dtype: weight.dtype, device: weight.device.type });
    this.registerBuffer("base", orthogonalised(n === k ? tall : functions.cat([tall, rest()], -1)));
    // What both maps take for the identity.
    const [rows, columns] = weight.shape.slice(-2) as [number, number];
    return unitLike(weight, rows, columns).neg().expand(weight.shape).contiguous();
  }
}

/** The exponential of the skew-symmetric matrix with this lower triangle, cut to its shape. */
function byExponential(x: Tensor): Tensor {
  const [n, k] = x.shape.slice(-2) as [number, number];
  const lower = x.tril();
  const square = n === k ? lower : functions.cat([lower, x.filledLike(0, [...x.shape.slice(0, -2), n, n - k])], -1);
  return exponential(square.sub(square.mT())).narrow(-1, 0, k);
}

/** Reflections along the columns below the diagonal, whose entries are signs. */
function byReflections(x: Tensor): Tensor {
  const [n, k] = x.shape.slice(-2) as [number, number];
  const below = x.tril(-1);
  const tau = below.square().sum(-2, true).add(1).reciprocal().mul(2);
  const signs = noGrad(() => diagonalRow(x).to("int32").to(x.dtype));
  return reflected(below.add(unitLike(x, n, k)), tau).mul(signs);
}
/** What byReflections makes the orthogonal factor of x from. */
function asReflections(x: Tensor): Tensor {
  const [n, k] = x.shape.slice(-2) as [number, number];
  const { v, tau, r } = triangularised(x);
  const signs = diagonalRow(r).sign();
  // A reflection that LAPACK leaves out is one here.
  const kept = functions.where(tau.eq(0), signs.neg(), signs);
  return v
    .tril(-1)
    .add(r.triu(1))
    .add(unitLike(x, n, k).mul(kept));
}

/**
 * Keeps a weight, or each matrix of a batch, orthogonal: its columns orthonormal, or its rows if they are fewer. Starts from the orthogonal
 * factor of the weight as it is. Errors: ArgumentError for the map "cayley", which needs systems to be solved.
 * @example
 * const layer = nn.utils.parametrizations.orthogonal(new nn.Linear(3, 2));
 * const gram = layer.weight.matmul(layer.weight.t());
 * await gram.isclose(eye(2), { atol: 1e-5 }).all().item(); // → 1
 */
export function orthogonal<M extends Module>(
  module: M,
  ...rest:
    | [name?: string, orthogonalMap?: OrthogonalMap | null]
    | [name: string, options: Omit<OrthogonalOptions, "name">]
    | [name: string, orthogonalMap: OrthogonalMap | null, options: Pick<OrthogonalOptions, "useTrivialization">]
    | [options: OrthogonalOptions]
): M {
  return entry("orthogonal", arguments, Infinity, () => {
    const positional = { name: "weight", orthogonalMap: either<OrthogonalMap | null>(null, "string", "null") };
    const { name, orthogonalMap, useTrivialization } = parse(rest, positional, { useTrivialization: true });
    const { shape } = tensorIn(module, name);
    checkRank(shape, 2);
    const usual = shape.at(-2) === shape.at(-1) ? "matrixExp" : "householder";
    const map = orthogonalMap === null ? usual : (camel(orthogonalMap) as OrthogonalMap);
    checkKnown("orthogonalMap", map, ["matrixExp", "cayley", "householder"]);
    if (map === "cayley") throw new ArgumentError("the map cayley needs a linear solver, which is not here yet", "matrixExp, householder");
    return registerParametrization(module, name, new Orthogonal(shape, map, useTrivialization), { unsafe: true });
  });
}
