// Connectionist temporal classification as a layer.
import "../ops/ctc/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { loss, type LossOf, type Reduction } from "./criterion.ts";

type Counts = Tensor | readonly number[];
interface Alignment {
  blank: number;
  reduction: Reduction;
  zeroInfinity: boolean;
}
/**
 * −log of the chance of sequences over all their alignments with log-probabilities [T, N, C]: forward(logProbs, targets, inputLengths, targetLengths).
 * @example
 * const [logProbs, targets] = [zeros(3, 1, 2).logSoftmax(2), tensor([[1]], { dtype: "int32" })];
 * await new nn.CTCLoss().call(logProbs, targets, [3], [1]).item(); // → 0.28768
 */
export const CTCLoss: new (
  ...rest:
    | [blank?: number, reduction?: Reduction, zeroInfinity?: boolean]
    | [blank: number, options: Partial<Omit<Alignment, "blank">>]
    | [options: Partial<Alignment>]
) => LossOf<(logProbs: Tensor, targets: Tensor, inputLengths: Counts, targetLengths: Counts) => Tensor, Omit<Alignment, "reduction">> =
  /* @__PURE__ */ loss("CTCLoss", {}, { blank: 0, reduction: "mean", zeroInfinity: false }, undefined, 4);
export type CTCLoss = InstanceType<typeof CTCLoss>;
