// Bags of vectors from a table, reduced to one each.
import "../ops/bags/index.ts";
import { either, parse } from "../base/options.ts";
import { fields, repr } from "../base/python.ts";
import { entry, exactly } from "../base/reading.ts";
import { checkRank, operand } from "../ops/arguments.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type EmbeddingOptions, Table } from "./embedding.ts";
import { configure } from "./layer.ts";
import { Parameter } from "./parameter.ts";

type BagMode = "sum" | "mean" | "max";
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Rows in use are first scaled down to this norm, in place. */
  readonly maxNorm?: number | null;
  readonly normType?: number;
  /** A row's gradient is divided by how often it occurs. */
  readonly scaleGradByFreq?: boolean;
  readonly mode?: BagMode;
  readonly sparse?: boolean;
  /** The last offset is the end of the last bag. */
  readonly includeLastOffset?: boolean;
}
type BagRest =
  | [
      maxNorm?: number | null,
      normType?: number,
      scaleGradByFreq?: boolean,
      mode?: BagMode,
      sparse?: boolean,
      weight?: Parameter | null,
      includeLastOffset?: boolean,
      paddingIdx?: number | null,
    ]
  | [options: EmbeddingBagOptions];

// In PyTorch's order, with the table between them where there is none yet.
const rules = {
  maxNorm: either<number | null>(null, "number", "null"),
  normType: 2,
  scaleGradByFreq: false,
  mode: "mean" as BagMode,
  sparse: false,
};
const ends = { includeLastOffset: false, paddingIdx: either<number | null>(null, "integer", "null") };

/**
 * Means, sums or maxima over bags of rows of a table: of each row of indices [B, L], or of the parts of [L] that begin at offsets [B].
 * @example
 * const bag = nn.EmbeddingBag.fromPretrained(tensor([[1, 2], [3, 4], [5, 6]]));
 * await bag.call(tensor([[0, 2], [1, 1]], { dtype: "int32" })).tolist(); // → [[3, 4], [3, 4]]
 * await bag.call(tensor([0, 1, 2], { dtype: "int32" }), tensor([0, 1], { dtype: "int32" })).tolist(); // → [[1, 2], [4, 5]]
 */
export class EmbeddingBag extends Table {
  static override readonly name: string = "EmbeddingBag";
  declare readonly maxNorm: number | null;
  declare readonly normType: number;
  declare readonly scaleGradByFreq: boolean;
  declare readonly mode: BagMode;
  declare readonly sparse: boolean;
  declare readonly includeLastOffset: boolean;

  constructor(numEmbeddings: number, embeddingDim: number, ...rest: BagRest) {
    super();
    const { paddingIdx, weight, ...place } = configure(this, { numEmbeddings, embeddingDim }, rest, {
      ...rules,
      weight: null as Parameter | null,
      ...ends,
    });
    this.make(paddingIdx, weight, place);
  }
  /** A layer around a given table, frozen unless freeze is false. */
  static fromPretrained(
    table: Tensor,
    ...rest:
      | [
          freeze?: boolean,
          maxNorm?: number | null,
          normType?: number,
          scaleGradByFreq?: boolean,
          mode?: BagMode,
          sparse?: boolean,
          includeLastOffset?: boolean,
          paddingIdx?: number | null,
        ]
      | [options: Omit<EmbeddingBagOptions, "weight"> & { readonly freeze?: boolean }]
  ): EmbeddingBag {
    const { freeze, ...options } = entry("EmbeddingBag", arguments, Infinity, () => {
      checkRank(operand(table, "the table").shape, 2, 2);
      return parse(rest, { freeze: true, ...rules, ...ends });
    });
    const [rows = 0, dim = 0] = table.shape;
    return new EmbeddingBag(rows, dim, { ...options, weight: new Parameter(table.detach(), !freeze) });
  }
  override forward(indices: Tensor, offsets?: Tensor | null, perSampleWeights?: Tensor | null): Tensor {
    const { maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset, paddingIdx } = this;
    const how = { maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset, paddingIdx };
    return functions.embeddingBag(indices, this.weight, { offsets: offsets ?? null, perSampleWeights: perSampleWeights ?? null, ...how });
  }
  override extraRepr(): string {
    const usual = { maxNorm: null, normType: 2, scaleGradByFreq: false, mode: "", paddingIdx: null } as const;
    const names = (Object.keys(usual) as (keyof typeof usual)[]).filter((name) => this[name] !== usual[name]);
    const write = (value: unknown): string => (typeof value === "string" ? value : repr(value));
    return `${this.numEmbeddings}, ${this.embeddingDim}, ${fields(this, names, write)}`;
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}
