// Layers: each computes what its functional form computes from its parameters, and prints as PyTorch prints it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/base/errors.ts";
import { Generator, manualSeed } from "../../src/base/random.ts";
import { grad } from "../../src/autograd/engine.ts";
import { ones, tensor } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import { rand } from "../../src/tensor/sampling.ts";
import * as nn from "../../src/nn/index.ts";
import type { Layer } from "../../src/nn/layer.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const F = nn.functional;
const random = (...shape: number[]): Tensor => nn.init.uniform_(ones(shape), -2, 2, { generator: new Generator(shape.length) });
const draws = (...shape: number[]): Tensor => nn.init.uniform_(ones(shape), 0, 1, { generator: new Generator(1) });
const same = async (a: Tensor, b: Tensor): Promise<void> => {
  expect(a.shape).toEqual(b.shape);
  expect(await a.tolist()).toEqual(await b.tolist());
};

/** A layer, its input, and the same by functional. */
type Case = readonly [layer: nn.Module, inputs: readonly Tensor[], functional: (...inputs: Tensor[]) => Tensor];
function cases(): Case[] {
  const of = <M extends nn.Module>(layer: M, inputs: readonly Tensor[], functional: (layer: M, ...inputs: Tensor[]) => Tensor): Case => [
    layer,
    inputs,
    (...xs) => functional(layer, ...xs),
  ];
  const [signal, image, volume] = [random(2, 4, 9), random(2, 4, 8, 8), random(1, 2, 5, 5, 5)];
  const [logits, classes] = [random(4, 3), tensor([0, 2, 1, 2], { dtype: "int32" })];
  const [p, q, truth] = [
    random(3, 4),
    random(3, 4).mul(0.5),
    tensor([
      [0, 1, 0, 1],
      [1, 0, 0, 1],
      [1, 1, 0, 0],
    ]),
  ];
  const signs = truth.mul(2).sub(1);
  return [
    of(new nn.Linear(4, 3), [random(2, 4)], (l, x) => F.linear(x, l.weight, l.bias!)),
    of(new nn.Linear(4, 3, false), [random(2, 4)], (l, x) => F.linear(x, l.weight)),
    of(new nn.LazyLinear(3), [random(2, 4)], (l, x) => F.linear(x, l.weight, l.bias!)),
    of(new nn.Conv1d(4, 6, 3, 2, 1), [signal], (l, x) => F.conv1d(x, l.weight, l.bias!, { stride: 2, padding: 1 })),
    of(new nn.Conv2d(4, 6, [3, 2], { dilation: 2, groups: 2, bias: false }), [image], (l, x) => F.conv2d(x, l.weight, undefined, { dilation: 2, groups: 2 })),
    of(new nn.Conv2d(4, 2, 3, { padding: "same" }), [image], (l, x) => F.conv2d(x, l.weight, l.bias!, { padding: "same" })),
    of(new nn.Conv2d(4, 2, 3, { padding: 1, paddingMode: "reflect" }), [image], (l, x) => F.conv2d(F.pad(x, [1, 1, 1, 1], { mode: "reflect" }), l.weight, l.bias!)),
    of(new nn.Conv2d(4, 2, [2, 3], { padding: "same", paddingMode: "circular" }), [image], (l, x) => F.conv2d(F.pad(x, [1, 1, 0, 1], { mode: "circular" }), l.weight, l.bias!)),
    of(new nn.Conv3d(2, 3, 2), [volume], (l, x) => F.conv3d(x, l.weight, l.bias!)),
    of(new nn.ConvTranspose1d(4, 2, 3, 2), [signal], (l, x) => F.convTranspose1d(x, l.weight, l.bias!, { stride: 2 })),
    of(new nn.ConvTranspose2d(4, 6, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2 }), [image], (l, x) => F.convTranspose2d(x, l.weight, l.bias!, { stride: 2, padding: 1, outputPadding: 1, groups: 2 })),
    of(new nn.ConvTranspose3d(2, 1, 2), [volume], (l, x) => F.convTranspose3d(x, l.weight, l.bias!)),
    of(new nn.LazyConv1d(6, 3, 2, 1), [signal], (l, x) => F.conv1d(x, l.weight, l.bias!, { stride: 2, padding: 1 })),
    of(new nn.LazyConv2d(6, 3, { groups: 2 }), [image], (l, x) => F.conv2d(x, l.weight, l.bias!, { groups: 2 })),
    of(new nn.LazyConv3d(3, 2), [volume], (l, x) => F.conv3d(x, l.weight, l.bias!)),
    of(new nn.LazyConvTranspose1d(2, 3, 2), [signal], (l, x) => F.convTranspose1d(x, l.weight, l.bias!, { stride: 2 })),
    of(new nn.LazyConvTranspose2d(6, 3, { groups: 2 }), [image], (l, x) => F.convTranspose2d(x, l.weight, l.bias!, { groups: 2 })),
    of(new nn.LazyConvTranspose3d(1, 2), [volume], (l, x) => F.convTranspose3d(x, l.weight, l.bias!)),
    of(new nn.MaxPool1d(2), [signal], (_, x) => F.maxPool1d(x, 2)),
    of(new nn.MaxPool2d(3, 2, 1), [image], (_, x) => F.maxPool2d(x, 3, { stride: 2, padding: 1 })),
    of(new nn.MaxPool3d(2, { ceilMode: true }), [volume], (_, x) => F.maxPool3d(x, 2, { ceilMode: true })),
    of(new nn.AvgPool1d(2), [signal], (_, x) => F.avgPool1d(x, 2)),
    of(new nn.AvgPool2d(3, { padding: 1, countIncludePad: false }), [image], (_, x) => F.avgPool2d(x, 3, { padding: 1, countIncludePad: false })),
    of(new nn.AvgPool3d(2, { divisorOverride: 3 }), [volume], (_, x) => F.avgPool3d(x, 2, { divisorOverride: 3 })),
    of(new nn.AdaptiveAvgPool1d(4), [signal], (_, x) => F.adaptiveAvgPool1d(x, 4)),
    of(new nn.AdaptiveAvgPool2d([3, null]), [image], (_, x) => F.adaptiveAvgPool2d(x, [3, null])),
    of(new nn.AdaptiveAvgPool3d(2), [volume], (_, x) => F.adaptiveAvgPool3d(x, 2)),
    of(new nn.AdaptiveMaxPool1d(4), [signal], (_, x) => F.adaptiveMaxPool1d(x, 4)),
    of(new nn.AdaptiveMaxPool2d([3, null]), [image], (_, x) => F.adaptiveMaxPool2d(x, [3, null])),
    of(new nn.AdaptiveMaxPool3d(2), [volume], (_, x) => F.adaptiveMaxPool3d(x, 2)),
    of(new nn.LPPool1d(2, 3, 2), [signal], (_, x) => F.lpPool1d(x, 2, 3, { stride: 2 })),
    of(new nn.LPPool2d(2, [2, 3], { ceilMode: true }), [image], (_, x) => F.lpPool2d(x, 2, [2, 3], { ceilMode: true })),
    of(new nn.LPPool3d(3, 2, { stride: 1 }), [volume], (_, x) => F.lpPool3d(x, 3, 2, { stride: 1 })),
    of(new nn.FractionalMaxPool2d(2, { outputRatio: 0.5, randomSamples: draws(2, 4, 2) }), [image], (_, x) => F.fractionalMaxPool2d(x, 2, { outputSize: 4, randomSamples: draws(2, 4, 2) })),
    of(new nn.FractionalMaxPool3d([1, 2, 2], 3, { randomSamples: draws(1, 2, 3) }), [volume], (_, x) => F.fractionalMaxPool3d(x, [1, 2, 2], 3, { randomSamples: draws(1, 2, 3) })),
    of(new nn.InstanceNorm1d(4, { affine: true }), [signal], (l, x) => F.instanceNorm(x, null, null, l.weight, l.bias)),
    of(new nn.InstanceNorm2d(4), [image.select(0, 1)], (_, x) => F.instanceNorm(x.unsqueeze(0)).squeeze(0)),
    of(new nn.InstanceNorm3d(2, { trackRunningStats: true }).eval(), [volume], (l, x) => F.batchNorm(x, l.runningMean, l.runningVar)),
    of(new nn.GroupNorm(2, 4), [image], (l, x) => F.groupNorm(x, 2, l.weight, l.bias)),
    of(new nn.RMSNorm([8, 8], 0.1), [image], (l, x) => F.rmsNorm(x, [8, 8], l.weight, 0.1)),
    of(new nn.LocalResponseNorm(3, 0.5), [image], (_, x) => F.localResponseNorm(x, 3, 0.5)),
    of(new nn.ConstantPad1d(2, 0.5), [signal], (_, x) => F.pad(x, [2, 2], { value: 0.5 })),
    of(new nn.ConstantPad2d([1, 2, 0, -1], 0.5), [image], (_, x) => F.pad(x, [1, 2, 0, -1], { value: 0.5 })),
    of(new nn.ConstantPad3d(1, 2), [volume], (_, x) => F.pad(x, [1, 1, 1, 1, 1, 1], { value: 2 })),
    of(new nn.ZeroPad1d(2), [signal], (_, x) => F.pad(x, [2, 2])),
    of(new nn.ZeroPad2d([1, 2, 0, -1]), [image], (_, x) => F.pad(x, [1, 2, 0, -1])),
    of(new nn.ZeroPad3d(1), [volume], (_, x) => F.pad(x, [1, 1, 1, 1, 1, 1])),
    of(new nn.ReflectionPad1d([2, 0]), [signal], (_, x) => F.pad(x, [2, 0], "reflect")),
    of(new nn.ReflectionPad2d(1), [image], (_, x) => F.pad(x, [1, 1, 1, 1], "reflect")),
    of(new nn.ReflectionPad3d(1), [volume], (_, x) => F.pad(x, [1, 1, 1, 1, 1, 1], "reflect")),
    of(new nn.ReplicationPad1d([2, 0]), [signal], (_, x) => F.pad(x, [2, 0], "replicate")),
    of(new nn.ReplicationPad2d(1), [image], (_, x) => F.pad(x, [1, 1, 1, 1], "replicate")),
    of(new nn.ReplicationPad3d(1), [volume], (_, x) => F.pad(x, [1, 1, 1, 1, 1, 1], "replicate")),
    of(new nn.Upsample({ scaleFactor: 1.5, mode: "bicubic" }), [image], (_, x) => F.interpolate(x, null, 1.5, "bicubic")),
    of(new nn.UpsamplingNearest2d(5), [image], (_, x) => F.upsampleNearest(x, 5)),
    of(new nn.UpsamplingBilinear2d({ scaleFactor: 2 }), [image], (_, x) => F.interpolate(x, { scaleFactor: 2, mode: "bilinear", alignCorners: true })),
    of(new nn.PixelShuffle(2), [image], (_, x) => F.pixelShuffle(x, 2)),
    of(new nn.PixelUnshuffle(2), [image], (_, x) => F.pixelUnshuffle(x, 2)),
    of(new nn.ChannelShuffle(2), [image], (_, x) => F.channelShuffle(x, 2)),
    of(new nn.Unfold(3, { dilation: 2, stride: 2 }), [image], (_, x) => F.unfold(x, 3, 2, 0, 2)),
    of(new nn.Fold(8, 3, { padding: 1 }), [random(2, 9, 64)], (_, x) => F.fold(x, 8, 3, { padding: 1 })),
    of(new nn.Bilinear(4, 9, 3), [random(2, 4), random(2, 9)], (l, x, y) => F.bilinear(x, y, l.weight, l.bias)),
    of(new nn.EmbeddingBag(5, 3, { mode: "max" }), [tensor([0, 4, 2, 2], { dtype: "int32" }), tensor([0, 1], { dtype: "int32" })], (l, x, y) => F.embeddingBag(x, l.weight, y, { mode: "max" })),
    of(new nn.LayerNorm([8, 8]), [image], (l, x) => F.layerNorm(x, [8, 8], { weight: l.weight!, bias: l.bias! })),
    of(new nn.Embedding(5, 3), [tensor([[0, 4], [2, 2]], { dtype: "int32" })], (l, x) => F.embedding(x, l.weight)),
    of(new nn.Flatten(), [image], (_, x) => x.reshape([2, 256])),
    of(new nn.Unflatten(1, [2, 2]), [image], (_, x) => x.reshape([2, 2, 2, 8, 8])),
    of(new nn.Identity(54), [image], (_, x) => x),
    of(new nn.ReLU(), [image], (_, x) => F.relu(x)),
    of(new nn.ReLU6(), [image.mul(9)], (_, x) => F.relu6(x)),
    of(new nn.LeakyReLU(0.2), [image], (_, x) => F.leakyRelu(x, 0.2)),
    of(new nn.PReLU(), [image], (_, x) => F.leakyRelu(x, 0.25)),
    of(new nn.PReLU(4, 0.5), [image], (_, x) => F.leakyRelu(x, 0.5)),
    of(new nn.RReLU(0.1, 0.3).eval(), [image], (_, x) => F.rrelu(x, 0.1, 0.3)),
    of(new nn.GLU(1), [image], (_, x) => F.glu(x, 1)),
    of(new nn.CELU(0.5), [image], (_, x) => F.celu(x, 0.5)),
    of(new nn.Hardshrink(1), [image], (_, x) => F.hardshrink(x, 1)),
    of(new nn.Softshrink(1), [image], (_, x) => F.softshrink(x, 1)),
    of(new nn.Tanhshrink(), [image], (_, x) => F.tanhshrink(x)),
    of(new nn.Softsign(), [image], (_, x) => F.softsign(x)),
    of(new nn.Hardsigmoid(), [image.mul(3)], (_, x) => F.hardsigmoid(x)),
    of(new nn.Hardswish(), [image.mul(3)], (_, x) => F.hardswish(x)),
    of(new nn.Threshold(0.5, -1), [image], (_, x) => F.threshold(x, 0.5, -1)),
    of(new nn.Softmin(1), [logits], (_, x) => F.softmin(x, 1)),
    of(new nn.Softmax2d(), [image], (_, x) => F.softmax(x, 1)),
    of(new nn.ELU(0.5), [image], (_, x) => F.elu(x, 0.5)),
    of(new nn.SELU(), [image], (_, x) => F.selu(x)),
    of(new nn.GELU(), [image], (_, x) => F.gelu(x)),
    of(new nn.GELU("tanh"), [image], (_, x) => F.gelu(x, { approximate: "tanh" })),
    of(new nn.SiLU(), [image], (_, x) => F.silu(x)),
    of(new nn.Mish(), [image], (_, x) => F.mish(x)),
    of(new nn.Sigmoid(), [image], (_, x) => F.sigmoid(x)),
    of(new nn.Tanh(), [image], (_, x) => F.tanh(x)),
    of(new nn.Softplus(2, 5), [image], (_, x) => F.softplus(x, 2, 5)),
    of(new nn.LogSigmoid(), [image], (_, x) => F.logsigmoid(x)),
    of(new nn.Hardtanh(-0.5, 0.25), [image], (_, x) => F.hardtanh(x, -0.5, 0.25)),
    of(new nn.Softmax(1), [logits], (_, x) => F.softmax(x, 1)),
    of(new nn.LogSoftmax({ dim: 0 }), [logits], (_, x) => F.logSoftmax(x, 0)),
    of(new nn.MSELoss(), [p, q], (_, x, y) => F.mseLoss(x, y)),
    of(new nn.L1Loss({ reduction: "sum" }), [p, q], (_, x, y) => F.l1Loss(x, y, { reduction: "sum" })),
    of(new nn.SmoothL1Loss({ beta: 0.5 }), [p, q], (_, x, y) => F.smoothL1Loss(x, y, { beta: 0.5 })),
    of(new nn.HuberLoss({ delta: 0.5, reduction: "none" }), [p, q], (_, x, y) => F.huberLoss(x, y, { delta: 0.5, reduction: "none" })),
    of(new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }), [logits, classes], (_, x, y) => F.crossEntropy(x, y, { labelSmoothing: 0.1 })),
    of(new nn.CrossEntropyLoss(tensor([1, 2, 3]), { ignoreIndex: 0 }), [logits, classes], (_, x, y) => F.crossEntropy(x, y, { weight: tensor([1, 2, 3]), ignoreIndex: 0 })),
    of(new nn.NLLLoss(), [logits, classes], (_, x, y) => F.nllLoss(x, y)),
    of(new nn.BCELoss(), [F.sigmoid(p), truth], (_, x, y) => F.binaryCrossEntropy(x, y)),
    of(new nn.KLDivLoss({ reduction: "batchmean" }), [F.logSoftmax(p, 1), F.softmax(q, 1)], (_, x, y) => F.klDiv(x, y, { reduction: "batchmean" })),
    of(new nn.PoissonNLLLoss(true, true), [p, truth], (_, x, y) => F.poissonNllLoss(x, y, true, true)),
    of(new nn.GaussianNLLLoss({ full: true }), [p, q, F.sigmoid(p)], (_, x, y, z) => F.gaussianNllLoss(x, y, z!, true)),
    of(new nn.HingeEmbeddingLoss(2), [p, signs], (_, x, y) => F.hingeEmbeddingLoss(x, y, 2)),
    of(new nn.SoftMarginLoss(), [p, signs], (_, x, y) => F.softMarginLoss(x, y)),
    of(new nn.MarginRankingLoss(0.5), [p, q, signs], (_, x, y, z) => F.marginRankingLoss(x, y, z!, 0.5)),
    of(new nn.CosineEmbeddingLoss(0.1), [p, q, signs.select(1, 0)], (_, x, y, z) => F.cosineEmbeddingLoss(x, y, z!, 0.1)),
    of(new nn.MultiMarginLoss(2, 0.5, tensor([1, 2, 3])), [logits, classes], (_, x, y) => F.multiMarginLoss(x, y, 2, 0.5, tensor([1, 2, 3]))),
    of(new nn.MultiLabelMarginLoss(), [logits, tensor([[0, -1, 1], [2, 1, -1], [-1, 0, 0], [0, 1, 2]], { dtype: "int32" })], (_, x, y) => F.multilabelMarginLoss(x, y)),
    of(new nn.MultiLabelSoftMarginLoss(tensor([1, 2, 3, 4])), [p, truth], (_, x, y) => F.multilabelSoftMarginLoss(x, y, tensor([1, 2, 3, 4]))),
    of(new nn.TripletMarginLoss(2, 1, { swap: true }), [p, q, truth], (_, x, y, z) => F.tripletMarginLoss(x, y, z!, 2, 1, { swap: true })),
    of(new nn.TripletMarginWithDistanceLoss({ distanceFunction: (a, b) => a.sub(b).abs().sum(-1), margin: 2 }), [p, q, truth], (_, x, y, z) => F.tripletMarginLoss(x, y, z!, 2, 1, 0)),
    of(new nn.CTCLoss(1, "sum"), [random(5, 2, 4).logSoftmax(2), tensor([[2, 3], [0, 0]], { dtype: "int32" }), tensor([5, 4], { dtype: "int32" }), tensor([2, 1], { dtype: "int32" })], (_, x, y, z, n) => F.ctcLoss(x, y, z!, n!, 1, "sum")),
    of(new nn.CosineSimilarity(0), [p, q], (_, x, y) => F.cosineSimilarity(x, y, 0)),
    of(new nn.PairwiseDistance(1, { keepdim: true }), [p, q], (_, x, y) => F.pairwiseDistance(x, y, 1, { keepdim: true })),
    of(new nn.BCEWithLogitsLoss({ posWeight: tensor([1, 2, 3, 4]) }), [p, truth], (_, x, y) => F.binaryCrossEntropyWithLogits(x, y, { posWeight: tensor([1, 2, 3, 4]) })),
  ]; // prettier-ignore
}

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));

  it("every layer computes its functional form", async () => {
    for (const [layer, inputs, functional] of cases())
      await same(layer.call(...inputs) as Tensor, functional(...inputs)).catch((error: unknown) =>
        Promise.reject(new Error(String(layer), { cause: error })),
      );
  });

  it("max pooling and unpooling go there and back", async () => {
    const x = random(1, 1, 4, 4);
    const [values, indices] = new nn.MaxPool2d(2, { returnIndices: true }).call(x) as [Tensor, Tensor];
    const back = new nn.MaxUnpool2d(2).call(values, indices);
    expect(back.shape).toEqual([1, 1, 4, 4]);
    await same(new nn.MaxPool2d(2).call(back.abs()), values.abs());
  });

  it("transposed convolution makes the output size it is asked for", () => {
    const layer = new nn.ConvTranspose2d(1, 1, 3, 2);
    expect(layer.call(ones([1, 1, 4, 4])).shape).toEqual([1, 1, 9, 9]);
    expect(layer.call(ones([1, 1, 4, 4]), [10, 9]).shape).toEqual([1, 1, 10, 9]);
    expect(() => layer.call(ones([1, 1, 4, 4]), [11, 9])).toThrow(ArgumentError);
  });

  it("batch normalisation learns statistics while training and uses them afterwards", async () => {
    const layer = new nn.BatchNorm1d(2);
    const x = tensor([
      [1, 10],
      [3, 30],
      [5, 80],
    ]);
    const y = layer.call(x);
    expect(await y.sum(0).abs().max().item()).toBeLessThan(1e-5);
    const close = async (t: Tensor, want: readonly number[]): Promise<void> =>
      (await t.array()).forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 4));
    await close(layer.runningMean!, [0.3, 4]);
    await close(layer.runningVar!, [0.9 + 0.4, 0.9 + 130]);
    expect(await layer.numBatchesTracked!.item()).toBe(1);
    layer.eval();
    await close(layer.call(tensor([[0.3, 4]])), [0, 0]);
    expect(await layer.numBatchesTracked!.item()).toBe(1);
    layer.resetRunningStats();
    await close(layer.runningVar!, [1, 1]);
  });

  it("batch normalisation without momentum averages all batches, also from a loaded state", async () => {
    const layer = new nn.BatchNorm1d(1, { momentum: null, affine: false });
    layer.loadStateDict({
      running_mean: tensor([2]),
      running_var: tensor([1]),
      num_batches_tracked: tensor(1, { dtype: "int32", device: "cpu" }),
    });
    layer.call(tensor([[3], [5]]));
    expect(await layer.runningMean!.item()).toBeCloseTo(3, 5);
    expect(await layer.numBatchesTracked!.item()).toBe(2);
    const untracked = new nn.BatchNorm2d(3, { trackRunningStats: false }).eval();
    expect(Object.keys(untracked.stateDict())).toEqual(["weight", "bias"]);
    expect(
      await untracked
        .call(random(2, 3, 4, 4))
        .mean()
        .abs()
        .item(),
    ).toBeLessThan(1e-6);
  });

  it("dropout drops while training only, whole channels where asked", async () => {
    manualSeed(7);
    const x = ones([64, 8, 4, 4]);
    const kept = (t: Tensor): Promise<number> => t.ne(0).cast("float32").mean().item();
    expect(await kept(new nn.Dropout(0.25).call(x))).toBeCloseTo(0.75, 1);
    const channels = await new nn.Dropout2d(0.5).call(x).sum([2, 3]).array();
    expect([...new Set(channels)].sort((a, b) => a - b)).toEqual([0, 32]);
    const alpha = await new nn.AlphaDropout(0.5).call(x.mul(0)).array();
    expect(new Set(alpha).size).toBe(2);
    const features = new nn.FeatureAlphaDropout(0.5).call(x);
    await same(features.amax([2, 3]), features.amin([2, 3]));
    for (const kind of [nn.Dropout, nn.AlphaDropout, nn.FeatureAlphaDropout]) await same(new kind(0.9).eval().call(x), x);
    expect(() => new nn.Dropout(1.5)).toThrow(ArgumentError);
  });
});

describe("layers", () => {
  it("are all of them here", () => {
    const tested = new Set(cases().map(([layer]) => layer.constructor.name));
    // These have tests of their own.
    const apart =
      /^(AdaptiveLogSoftmaxWithLoss|Sequential|(Module|Parameter)(List|Dict)|(Lazy)?BatchNorm\dd|LazyInstanceNorm\dd|(Feature)?(Alpha)?Dropout(\dd)?|MaxUnpool\dd)$/;
    const layers = Object.entries(nn).filter(([, value]) => typeof value === "function" && value.prototype instanceof nn.Module);
    expect(layers.length).toBeGreaterThan(50);
    expect(layers.map(([name]) => name).filter((name) => !tested.has(name) && !apart.test(name))).toEqual([]);
  });

  it.each<readonly [nn.Module, string]>([
    [new nn.Conv1d(1, 1, 3), "Conv1d(1, 1, kernel_size=(3,), stride=(1,))"],
    [new nn.Conv2d(2, 4, 3, { padding: "same", groups: 2, bias: false, paddingMode: "circular" }), "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), padding=same, groups=2, bias=False, padding_mode=circular)"],
    [new nn.ConvTranspose2d(1, 2, 3, { outputPadding: 1, stride: 2 }), "ConvTranspose2d(1, 2, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1))"],
    [new nn.MaxPool2d(2), "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"],
    [new nn.MaxPool2d([2, 3], 1, 1), "MaxPool2d(kernel_size=(2, 3), stride=1, padding=1, dilation=1, ceil_mode=False)"],
    [new nn.AvgPool1d(3), "AvgPool1d(kernel_size=(3,), stride=(3,), padding=(0,))"],
    [new nn.AdaptiveAvgPool2d([3, null]), "AdaptiveAvgPool2d(output_size=(3, None))"],
    [new nn.MaxUnpool2d(2), "MaxUnpool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))"],
    [new nn.BatchNorm1d(3, { momentum: null }), "BatchNorm1d(3, eps=1e-05, momentum=None, affine=True, track_running_stats=True)"],
    [new nn.LayerNorm(5), "LayerNorm((5,), eps=1e-05, elementwise_affine=True)"],
    [new nn.Dropout(0.3), "Dropout(p=0.3, inplace=False)"],
    [new nn.AlphaDropout(), "AlphaDropout(p=0.5, inplace=False)"],
    [new nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"],
    [new nn.Unflatten(1, [2, 3]), "Unflatten(dim=1, unflattened_size=(2, 3))"],
    [new nn.LeakyReLU(), "LeakyReLU(negative_slope=0.01)"],
    [new nn.ELU(), "ELU(alpha=1.0)"],
    [new nn.CELU(), "CELU(alpha=1.0)"],
    [new nn.GLU(), "GLU(dim=-1)"],
    [new nn.Hardshrink(), "Hardshrink(0.5)"],
    [new nn.Softshrink(2), "Softshrink(2.0)"],
    [new nn.RReLU(), "RReLU(lower=0.125, upper=0.3333333333333333)"],
    [new nn.Threshold(0.1, 20), "Threshold(threshold=0.1, value=20)"],
    [new nn.Softmin(1), "Softmin(dim=1)"],
    [new nn.Softmax2d(), "Softmax2d()"],
    [new nn.GELU(), "GELU(approximate='none')"],
    [new nn.Softplus(), "Softplus(beta=1, threshold=20)"],
    [new nn.Softmax(1), "Softmax(dim=1)"],
    [new nn.Hardtanh(), "Hardtanh(min_val=-1.0, max_val=1.0)"],
    [new nn.ReLU(true), "ReLU(inplace=True)"],
    [new nn.LeakyReLU(0.2, true), "LeakyReLU(negative_slope=0.2, inplace=True)"],
    [new nn.Hardtanh(-2, 2, true), "Hardtanh(min_val=-2.0, max_val=2.0, inplace=True)"],
    [new nn.Hardswish(true), "Hardswish()"],
    [new nn.CrossEntropyLoss(), "CrossEntropyLoss()"],
    [new nn.InstanceNorm2d(3), "InstanceNorm2d(3, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False)"],
    [new nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True)"],
    [new nn.RMSNorm(5), "RMSNorm((5,), eps=None, elementwise_affine=True)"],
    [new nn.LocalResponseNorm(2), "LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1.0)"],
    [new nn.ConstantPad2d(1, 3.5), "ConstantPad2d(padding=(1, 1, 1, 1), value=3.5)"],
    [new nn.ZeroPad2d([1, 2, 3, 4]), "ZeroPad2d((1, 2, 3, 4))"],
    [new nn.ReflectionPad1d(2), "ReflectionPad1d((2, 2))"],
    [new nn.Upsample({ scaleFactor: 2 }), "Upsample(scale_factor=2.0, mode=nearest)"],
    [new nn.Upsample({ scaleFactor: [2, 1.5], mode: "bilinear" }), "Upsample(scale_factor=(2.0, 1.5), mode=bilinear)"],
    [new nn.UpsamplingBilinear2d([3, 4]), "UpsamplingBilinear2d(size=(3, 4), mode=bilinear)"],
    [new nn.PixelShuffle(2), "PixelShuffle(upscale_factor=2)"],
    [new nn.Fold([4, 5], 2), "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=1)"],
    [new nn.Unfold(2), "Unfold(kernel_size=2, dilation=1, padding=0, stride=1)"],
    [new nn.AdaptiveMaxPool2d(2, { returnIndices: true }), "AdaptiveMaxPool2d(output_size=2)"],
    [new nn.LPPool2d(2, [3, 2]), "LPPool2d(norm_type=2, kernel_size=(3, 2), stride=None, ceil_mode=False)"],
    [new nn.FractionalMaxPool2d(2, 3), "FractionalMaxPool2d()"],
    [new nn.Bilinear(2, 3, 4), "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)"],
    [new nn.EmbeddingBag(4, 3, { paddingIdx: -1, mode: "sum" }), "EmbeddingBag(4, 3, mode=sum, padding_idx=3)"],
    [new nn.TripletMarginLoss(), "TripletMarginLoss()"],
    [new nn.CTCLoss(), "CTCLoss()"],
    [new nn.CosineSimilarity(), "CosineSimilarity()"],
  ])("%s prints as in PyTorch", (layer, text) => expect(String(layer)).toBe(text)); // prettier-ignore

  it.each([
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.SiLU, nn.Mish, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish,
  ] as unknown as (new (options?: { inplace: boolean }) => Layer)[])("%# takes the place of its input", async (Nonlinearity) => {
    const given = tensor([-4, -0.5, 0.5, 2.5, 7], { requiresGrad: true });
    const run = async (inplace: boolean): Promise<unknown[]> => {
      const x = given.mul(1);
      const y = new Nonlinearity({ inplace }).call(x);
      expect(y === x).toBe(inplace);
      const [slope] = grad(y.sum(), given);
      return [await y.tolist(), await slope.tolist()];
    };
    expect(await run(true)).toEqual(await run(false));
  }); // prettier-ignore

  it("refuse arguments outside their domain", () => {
    const bad: [() => unknown, string][] = [
      [() => new nn.Conv2d(3, 4, 3, { groups: 2 }), "do not divide into 2 groups"],
      [() => new nn.Conv2d(0, 4, 3), "inChannels must be an integer of at least 1, got 0"],
      [() => new nn.Conv2d(1, 4, [3, 3, 3]), "kernelSize must be"],
      [() => new nn.Conv2d(1, 4, 3, { padding: "same", stride: 2 }), "needs stride 1"],
      [() => new nn.Conv2d(1, 4, 3, { paddingMode: "mirror" as "reflect" }), "unknown paddingMode mirror"],
      [() => new nn.Conv2d(1, 4, 3, { paddin: 1 } as object), "unknown option paddin"],
      [() => new nn.MaxPool2d(0), "kernelSize must be"],
      [() => new nn.Embedding(3, 2, 3), "paddingIdx must be within 3 rows, got 3"],
      [() => new nn.MSELoss({ reduction: "avg" as "mean" }), "unknown reduction avg"],
      [() => new nn.Linear(2, 2, { bais: false } as object), "unknown option bais"],
    ];
    for (const [call, message] of bad) {
      expect(call, message).toThrow(ArgumentError);
      expect(call).toThrow(message);
    }
    expect(() => new nn.BatchNorm2d(3).call(ones([2, 3]))).toThrow(ShapeError);
  });

  it("start from PyTorch's numbers of the same seed", async () => {
    const close = async (t: Tensor, want: readonly number[]): Promise<void> =>
      (await t.array()).forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 3));
    manualSeed(3);
    const bilinear = new nn.Bilinear(1, 2, 1);
    await close(bilinear.weight.flatten().cat([bilinear.bias!]), [-0.9915, -0.7889, -0.4283]);
    manualSeed(5);
    await close(new nn.EmbeddingBag(2, 2).weight, [-0.4868, -0.6038, -0.5581, 0.6675]);
    manualSeed(3);
    const pool = new nn.FractionalMaxPool2d(2, 2);
    await close(pool.call(tensor(Array.from({ length: 16 }, (_, i) => i)).reshape(1, 1, 4, 4)), [5, 7, 13, 15]);
    expect(Object.keys(new nn.FractionalMaxPool2d(2, 2, { randomSamples: draws(1, 1, 2) }).stateDict())).toEqual(["_random_samples"]);
  });

  it("instance normalisation moves its running statistics by means over the items", async () => {
    const layer = new nn.InstanceNorm1d(1, { affine: true, trackRunningStats: true });
    expect(Object.keys(layer.stateDict())).toEqual(["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]);
    layer.call(tensor([[[1, 3]], [[2, 8]]]));
    expect(await layer.runningMean!.item()).toBeCloseTo(0.35, 5);
    expect(await layer.runningVar!.item()).toBeCloseTo(1.9, 5);
    await same(layer.eval().call(tensor([[0.35, 0.35]])), tensor([[0, 0]]));
  });

  it("an embedding's padding row starts at zero and stays there", async () => {
    const layer = new nn.Embedding(3, 2, { paddingIdx: -1 });
    layer
      .call(tensor([2, 0, 2], { dtype: "int32" }))
      .sum()
      .backward();
    expect((await layer.weight.grad!.tolist()) as number[][]).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(((await layer.weight.tolist()) as number[][])[2]).toEqual([0, 0]);
    manualSeed(1);
    const frozen = nn.Embedding.fromPretrained(tensor([[1, 2]]));
    const after = await rand(2).tolist();
    manualSeed(1);
    expect(after, "no table is drawn only to be replaced").toEqual(await rand(2).tolist());
    expect(() => new nn.Embedding(3, 2, { weight: frozen.weight })).toThrow("Embedding: weight [1, 2] does not fit, needs [3, 2]");
    expect([frozen.weight.requiresGrad, await frozen.weight.tolist()]).toEqual([false, [[1, 2]]]);
  });
});
