// nn.functional holds what torch.nn.functional (PyTorch 1.13, and rms_norm of 2.4) holds, as far as there are such operators, and its in-place forms.
import { describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { WengertError } from "../../src/base/errors.ts";
import { isFloat } from "../../src/base/dtype.ts";
import { materialise, weightsLike } from "../../src/inspect/samples.ts";
import { functional } from "../../src/nn/index.ts";
import { records } from "../../src/ops/install.ts";
import { zeros } from "../../src/tensor/create.ts";
import { functions } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { onEveryDevice } from "../devices.ts";

const pytorch =
  `conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d conv_tbc avg_pool1d avg_pool2d avg_pool3d fractional_max_pool2d
fractional_max_pool3d max_pool1d max_pool2d max_pool3d max_unpool1d max_unpool2d max_unpool3d lp_pool1d lp_pool2d adaptive_max_pool1d
adaptive_max_pool2d adaptive_max_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d dropout alpha_dropout dropout1d dropout2d
dropout3d feature_alpha_dropout threshold threshold_ relu relu_ glu hardtanh hardtanh_ relu6 elu elu_ selu selu_ celu celu_ leaky_relu
leaky_relu_ prelu rrelu rrelu_ logsigmoid gelu hardshrink tanhshrink softsign softplus softmin softmax gumbel_softmax log_softmax softshrink
tanh sigmoid hardsigmoid linear bilinear silu mish hardswish embedding embedding_bag batch_norm instance_norm layer_norm group_norm
local_response_norm ctc_loss nll_loss poisson_nll_loss gaussian_nll_loss kl_div cross_entropy binary_cross_entropy
binary_cross_entropy_with_logits smooth_l1_loss huber_loss l1_loss mse_loss margin_ranking_loss hinge_embedding_loss multilabel_margin_loss
soft_margin_loss multilabel_soft_margin_loss cosine_embedding_loss multi_margin_loss pixel_shuffle pixel_unshuffle channel_shuffle upsample
interpolate upsample_nearest upsample_bilinear grid_sample affine_grid pad pairwise_distance pdist cosine_similarity one_hot
triplet_margin_loss triplet_margin_with_distance_loss normalize unfold fold multi_head_attention_forward
rms_norm lp_pool3d`
    .split(/\s+/)
    .map((name) => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()));

type Form = (...args: readonly unknown[]) => Tensor;
const exported = functional as unknown as Readonly<Record<string, Form>>;
const forms = Object.keys(exported).filter((name) => name.endsWith("_"));

it("holds PyTorch's names and no others, all that have an operator here", () => {
  expect(Object.keys(exported).filter((name) => !pytorch.includes(name))).toEqual([]);
  expect(pytorch.filter((name) => name.replace(/_$/, "") in functions && !(name in exported))).toEqual([]);
});

onEveryDevice((device) => {
  describe.each(forms)("%s", (form) => {
    const plainName = form.slice(0, -1);
    const inPlace = exported[form]!;
    const plain = exported[plainName]!;
    for (const [i, sample] of records[plainName]!.samples.entries())
      it(`sample ${i}: value, gradient, version, view`, async () => {
        const { args, leaves } = materialise(sample, device, device === "cpu" ? "float64" : "float32");
        const [given, ...rest] = args as [Tensor, ...unknown[]];
        const expected = plain(given, ...rest);
        const target = given.clone();
        const before = target.storage.version;
        expect(inPlace(target, ...rest)).toBe(target);
        expect(target.storage.version).toBeGreaterThan(before);
        expect(await target.tolist()).toEqual(await expected.tolist());
        if (isFloat(given.dtype)) {
          const slope = (y: Tensor): Tensor => grad(y, leaves, { gradOutputs: weightsLike(y, 1) })[0]!;
          expect(await slope(target).tolist()).toEqual(await slope(expected).tolist());
        }
        const whole = zeros([2, ...given.shape], { dtype: given.dtype, device });
        noGrad(() => inPlace(whole.select(0, 1).copy_(given), ...rest));
        expect(await whole.select(0, 1).tolist()).toEqual(await expected.tolist());
        expect((await whole.select(0, 0).array()).every((v) => v === 0)).toBe(true);
      });

    it("refuses a leaf, an argument too many and what is no tensor", () => {
      const leaf = zeros([2], { device, requiresGrad: true });
      expect(() => inPlace(leaf)).toThrow(`${form}: a leaf that requires a gradient cannot be changed in place`);
      expect(() => inPlace(zeros([2], { device }), { misspelt: 1 })).toThrow(`${form}: unknown option misspelt`);
      expect(() => inPlace("text")).toThrow(WengertError);
    });
  });
});
