// Arguments of layers, as calls.ts has them of the rest.
import * as w from "../../src/index.ts";
import { along, type Args, indices, matrix, vector } from "./values.ts";

const { nn } = w;

const ranks = [1, 2, 3] as const;
const inEach = (name: string, make: Args, input: (rank: number) => readonly unknown[]): [string, readonly [Args, Args]][] =>
  ranks.map((rank) => [`nn.${name}${rank}d`, [make, () => input(rank)]]);
const pointwise = (...args: readonly unknown[]): readonly [Args, Args] => [() => args, () => [matrix()]];
const pair = (...args: readonly unknown[]): readonly [Args, Args] => [() => args, () => [matrix(), matrix()]];
const classes = (...args: readonly unknown[]): readonly [Args, Args] => [() => args, () => [matrix(), indices(0, 1)]];
const chances = (...args: readonly unknown[]): readonly [Args, Args] => [() => args, () => [vector(0.5), vector(1)]];

/** Layers beyond those that are made of nothing and map elements: arguments of the constructor, and of a call. */
export const layers: Readonly<Record<string, readonly [make: Args, input: Args]>> = {
  "nn.ReLU": pointwise(false),
  "nn.LeakyReLU": pointwise(0.2),
  "nn.ELU": pointwise(1),
  "nn.GELU": pointwise({}),
  "nn.CELU": pointwise(1),
  "nn.GLU": [() => [-1], () => [vector(1, 2)]],
  "nn.Hardshrink": pointwise(0.5),
  "nn.RReLU": pointwise(0.125, 0.25),
  "nn.Softmax2d": [() => [], () => [along(1)]],
  "nn.Softmin": pointwise(1),
  "nn.Softshrink": pointwise(0.5),
  "nn.Threshold": pointwise(0.5, 1),
  "nn.Softplus": pointwise(1, 20),
  "nn.Softmax": pointwise(1),
  "nn.LogSoftmax": pointwise(1),
  "nn.AdaptiveLogSoftmaxWithLoss": [() => [3, 4, [2], 2, false], () => [matrix(), indices(0, 3)]],
  "nn.Hardtanh": pointwise(-1, 1),
  "nn.PReLU": pointwise(1, 0.25),
  "nn.Sequential": [() => [new nn.ReLU()], () => [matrix()]],
  "nn.ModuleList": [() => [[new nn.ReLU()]], () => []],
  "nn.ModuleDict": [() => [{ a: new nn.ReLU() }], () => []],
  "nn.ParameterList": [() => [[vector(1)]], () => []],
  "nn.ParameterDict": [() => [{ a: vector(1) }], () => []],
  "nn.utils.parametrize.ParametrizationList": [() => [[new nn.Identity()], vector(1), false], () => []],
  "nn.UninitializedParameter": [() => [true], () => []],
  "nn.UninitializedBuffer": [() => [{}], () => []],
  "nn.LazyLinear": pointwise(2, true),
  "nn.Embedding": [() => [4, 2, 0], () => [indices(1, 2)]],
  "nn.EmbeddingBag": [() => [4, 2, null, 2, false, "sum", false, null, false, null], () => [indices(1, 2), indices(0), vector(1, 2)]],
  "nn.Bilinear": [() => [3, 3, 2, true], () => [matrix(), matrix()]],
  "nn.RMSNorm": pointwise([3], 1e-5, true),
  "nn.GroupNorm": [() => [1, 2, 1e-5, true], () => [along(1)]],
  "nn.LocalResponseNorm": [() => [2, 1e-4, 0.75, 1], () => [along(1)]],
  "nn.Upsample": [() => [null, 2, "linear", null, null], () => [along(1)]],
  "nn.UpsamplingNearest2d": [() => [null, 2], () => [along(2)]],
  "nn.UpsamplingBilinear2d": [() => [3, null], () => [along(2)]],
  "nn.PixelShuffle": [() => [1], () => [along(2)]],
  "nn.PixelUnshuffle": [() => [2], () => [along(2)]],
  "nn.ChannelShuffle": [() => [2], () => [along(2)]],
  "nn.Unfold": [() => [2, 1, 0, 1], () => [along(2)]],
  "nn.Fold": [() => [2, 1, 1, 0, 1], () => [along(1)]],
  "nn.Flatten": pointwise(1, -1),
  "nn.Unflatten": pointwise(1, [1, 3]),
  "nn.Linear": pointwise(3, 2, true),
  "nn.LayerNorm": pointwise([3], 1e-5, true, true),
  "nn.MSELoss": pair({}),
  "nn.L1Loss": pair({}),
  "nn.SmoothL1Loss": pair({}),
  "nn.HuberLoss": pair({}),
  "nn.CrossEntropyLoss": classes(null, {}),
  "nn.NLLLoss": classes(null, {}),
  "nn.BCELoss": chances(null, {}),
  "nn.BCEWithLogitsLoss": chances(null, {}),
  "nn.KLDivLoss": pair({}),
  "nn.PoissonNLLLoss": pair(true, false, {}),
  "nn.GaussianNLLLoss": [() => [{}], () => [matrix(), matrix(), matrix()]],
  "nn.HingeEmbeddingLoss": pair(1, {}),
  "nn.SoftMarginLoss": pair({}),
  "nn.MarginRankingLoss": [() => [0, {}], () => [matrix(), matrix(), matrix()]],
  "nn.CosineEmbeddingLoss": [() => [0, {}], () => [matrix(), matrix(), vector(1, -1)]],
  "nn.MultiMarginLoss": classes(1, 1, null, {}),
  "nn.MultiLabelMarginLoss": [() => [{}], () => [vector(1, 2), indices(0, -1)]],
  "nn.MultiLabelSoftMarginLoss": pair(null, {}),
  "nn.TripletMarginLoss": [() => [1, 2, 1e-6, false, {}], () => [matrix(), matrix(), matrix()]],
  "nn.TripletMarginWithDistanceLoss": [() => [{}], () => [matrix(), matrix(), matrix()]],
  "nn.CTCLoss": [() => [0, "mean", false], () => [w.zeros(3, 1, 2, { device: "cpu" }), indices(1), [3], [1]]],
  "nn.CosineSimilarity": pair(1, 1e-8),
  "nn.PairwiseDistance": pair(2, 1e-6, false),
  "nn.Buffer": [() => [vector(1), {}], () => []],
  "nn.Parameter": [() => [vector(1), true], () => []],
  "nn.Dropout": pointwise(0.5, false),
  "nn.AlphaDropout": pointwise(0.5, false),
  "nn.FeatureAlphaDropout": pointwise(0.5, false),
  ...Object.fromEntries([
    ...inEach(
      "Conv",
      () => [2, 2, 1, 1, 0, 1, 1, true, "zeros"],
      (rank) => [along(rank)],
    ),
    ...inEach(
      "ConvTranspose",
      () => [2, 2, 1, 1, 0, 0, 1, true, 1, "zeros"],
      (rank) => [along(rank), new Array(rank).fill(4)],
    ),
    ...inEach(
      "LazyConv",
      () => [2, 1, 1, 0, 1, 1, true, "zeros"],
      (rank) => [along(rank)],
    ),
    ...inEach(
      "LazyConvTranspose",
      () => [2, 1, 1, 0, 0, 1, true, 1, "zeros"],
      (rank) => [along(rank), new Array(rank).fill(4)],
    ),
    ...["LazyBatchNorm", "LazyInstanceNorm"].flatMap((name) =>
      inEach(
        name,
        () => [1e-5, 0.1, true, true],
        (rank) => [along(rank)],
      ),
    ),
    ...inEach(
      "Dropout",
      () => [0.5, false],
      (rank) => [along(rank)],
    ),
    ...inEach(
      "BatchNorm",
      () => [2, 1e-5, 0.1, true, true],
      (rank) => [along(rank)],
    ),
    ...inEach(
      "MaxPool",
      () => [2, null, 0, 1, false, false],
      (rank) => [along(rank)],
    ),
    ...inEach(
      "MaxUnpool",
      () => [1, null, 0],
      (rank) => [along(rank), along(rank).cumsum(-1).sub(1).to("int32"), new Array(rank).fill(4)],
    ),
    ...inEach(
      "AdaptiveAvgPool",
      () => [1],
      (rank) => [along(rank)],
    ),
    ...inEach(
      "AdaptiveMaxPool",
      () => [1, false],
      (rank) => [along(rank)],
    ),
    ...inEach(
      "LPPool",
      () => [2, 2, null, false],
      (rank) => [along(rank)],
    ),
    ...inEach(
      "FractionalMaxPool",
      () => [2, 2, null, false, null],
      (rank) => [along(rank)],
    ).slice(1),
    ...inEach(
      "InstanceNorm",
      () => [2, 1e-5, 0.1, true, true],
      (rank) => [along(rank)],
    ),
    ...inEach(
      "ConstantPad",
      () => [1, 0.5],
      (rank) => [along(rank)],
    ),
    ...["ZeroPad", "ReflectionPad", "ReplicationPad"].flatMap((name) =>
      inEach(
        name,
        () => [1],
        (rank) => [along(rank)],
      ),
    ),
    ["nn.AvgPool1d", [() => [2, null, 0, false, true], () => [along(1)]]],
    ...inEach(
      "AvgPool",
      () => [2, null, 0, false, true, null],
      (rank) => [along(rank)],
    ).slice(1),
  ]),
};

export const layerOf = (name: string): readonly [make: Args, input: Args] => layers[name] ?? pointwise();
