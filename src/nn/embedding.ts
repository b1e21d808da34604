// Tables of vectors, looked up by index.
import "../ops/indexing/index.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { either, parse } from "../base/options.ts";
import { fields } from "../base/python.ts";
import { isWhole } from "../base/random.ts";
import { entry, exactly } from "../base/reading.ts";
import { checkFits, checkRank, operand } from "../ops/arguments.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { normal_, zeros_ } from "./init/drawn.ts";
import { configure, type Factory, parameter } from "./layer.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

export interface EmbeddingOptions extends Factory {
  /** This row starts at zero and gets no gradient. */
  readonly paddingIdx?: number | null;
  /** The table, instead of one that is drawn. */
  readonly weight?: Parameter | null;
}

/** What holds a table. */
export abstract class Table extends Module {
  declare readonly numEmbeddings: number;
  declare readonly embeddingDim: number;
  declare paddingIdx: number | null;
  declare weight: Parameter;

  /** Takes the given table, or draws one. */
  protected make(paddingIdx: number | null, weight: Parameter | null, place: Factory): void {
    const { numEmbeddings, embeddingDim } = this;
    under(this.constructor.name, () => {
      if (paddingIdx !== null) {
        if (!isWhole(paddingIdx, -numEmbeddings, numEmbeddings - 1))
          throw new ArgumentError(`paddingIdx must be within ${numEmbeddings} rows, got ${paddingIdx}`);
        this.paddingIdx = (paddingIdx + numEmbeddings) % numEmbeddings;
      }
      this.registerParameter("weight", weight ?? parameter([numEmbeddings, embeddingDim], place));
      checkFits("weight", this.weight.shape, [numEmbeddings, embeddingDim]);
    });
    if (!weight) this.resetParameters();
  }
  /** Draws the table anew from N(0, 1). */
  resetParameters(): void {
    normal_(this.weight);
    if (this.paddingIdx !== null) zeros_(this.weight.detach().narrow(0, this.paddingIdx, 1));
  }
  static {
    exactly(this.prototype, "resetParameters");
  }
}

/**
 * Rows of a table [numEmbeddings, embeddingDim] by integer index. Shape: [...] → [..., embeddingDim].
 * @example
 * const table = new nn.Embedding(10, 4, { paddingIdx: 0 });
 * table.call(tensor([[1, 0], [9, 3]], { dtype: "int32" })).shape; // → [2, 2, 4]
 */
export class Embedding extends Table {
  static override readonly name: string = "Embedding";

  constructor(numEmbeddings: number, embeddingDim: number, ...rest: [paddingIdx?: number | null] | [options: EmbeddingOptions]) {
    super();
    const { paddingIdx, weight, ...place } = configure(this, { numEmbeddings, embeddingDim }, rest, {
      paddingIdx: null as number | null,
      weight: null as Parameter | null,
    });
    this.make(paddingIdx, weight, place);
  }
  /** A layer around a given table, frozen unless freeze is false. */
  static fromPretrained(
    table: Tensor,
    ...rest:
      | [freeze?: boolean, paddingIdx?: number | null]
      | [freeze: boolean, options: { readonly paddingIdx?: number | null }]
      | [options: { readonly freeze?: boolean; readonly paddingIdx?: number | null }]
  ): Embedding {
    const { freeze, paddingIdx } = entry("Embedding", arguments, Infinity, () => {
      checkRank(operand(table, "the table").shape, 2, 2);
      return parse(rest, { freeze: true, paddingIdx: either<number | null>(null, "integer", "null") });
    });
    const [rows = 0, dim = 0] = table.shape;
    return new Embedding(rows, dim, { paddingIdx, weight: new Parameter(table.detach(), !freeze) });
  }
  override forward(indices: Tensor): Tensor {
    return functions.embedding(indices, this.weight, { paddingIdx: this.paddingIdx });
  }
  override extraRepr(): string {
    const padding = this.paddingIdx === null ? [] : [fields(this, ["paddingIdx"])];
    return [this.numEmbeddings, this.embeddingDim, ...padding].join(", ");
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}
