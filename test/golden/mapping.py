"""One row per wengert operator: its family, its PyTorch name and how PyTorch's arguments become ours.

`row(family, name, torch_name, ...)`
  torch_name  name in PyTorch's OpInfo database (all its variants are used), or None when it has no entry
  fn          the callable to run instead of the database's own (needed when torch_name is None)
  hoist       keyword arguments that are positional in our call: `maxPool2d(x, 2, {stride})`
  adapt       (args, kwargs) -> (args, kwargs), from the argument order of `fn` to the order we call with
  variants    take only these variants of the database entry
  other       whether `fn` runs the database's samples, too
  most        how many of the database's samples are taken
  keep        predicate on (args, kwargs): samples that make sense in our interface
`same` makes rows for names that only go from snake_case to camelCase.
"""
import torch
import torch.nn.functional as F

ROWS = []
# Cases of one operator.
MAX_CASES = 12


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def row(family, name, torch_name, **more):
    entry = {"family": family, "name": name, "torch": torch_name, "fn": None, "hoist": (), "adapt": None, "variants": None}
    entry.update({"keep": None, "other": False, "most": MAX_CASES, **more})
    ROWS.append(entry)


def same(family, names, prefix="", **more):
    """Rows whose only difference is the case of the name."""
    for name in names.split():
        row(family, camel(name), prefix + name, **more)


def alias(family, pairs, **more):
    """Rows for `other=first` names: the database's samples of the first, run under the other name. A few of them: the rule is the first one's."""
    for pair in pairs.split():
        other, first = pair.split("=")
        row(family, camel(other), first, fn=getattr(torch, other), other=True, most=3, **more)


def no_bool(args, kwargs):
    return not any(isinstance(a, bool) for a in args)


def no_bool_data(args, kwargs):
    """Sums of booleans in place and index tensors of other types than integer are PyTorch accidents."""
    tensors = [a for a in args if isinstance(a, torch.Tensor)]
    return tensors[0].dtype != torch.bool and tensors[1].dtype == torch.int64


def no_bool_alpha(args, kwargs):
    return not isinstance(kwargs.get("alpha"), bool)


def no_byte(args, kwargs):
    return not any(isinstance(a, torch.Tensor) and a.dtype == torch.uint8 for a in args)


def unbiased_option(args, kwargs):
    """std(x, True) is an old overload; our only spelling is the option."""
    if len(args) == 2 and isinstance(args[1], bool):
        return args[:1], {"unbiased": args[1], **kwargs}
    return args, kwargs


def getitem(x, index):
    return x[tuple(index)]


def even_steps(args, kwargs):
    """Whole numbers in broken steps come out by PyTorch's vector width: int32 and int64 differ."""
    start, end, steps = args[:3]
    return kwargs.get("dtype") in (None, torch.float32) or steps < 2 or (int(end) - int(start)) % (steps - 1) == 0


def strided_scatter(x, source, *geometry):
    """as_strided_scatter by its definition: PyTorch 1.13 takes the gradient of its own from memory that nobody wrote."""
    y = x.clone()
    y.as_strided(*geometry).copy_(source)
    return y


def no_options(*names):
    return lambda args, kwargs: not any(name in kwargs for name in names)


def one_count(args, kwargs):
    """Counts per element are not offered."""
    return isinstance([*args, kwargs.get("repeats")][1], int)


def determined(training):
    """Dropout whose result no draw decides: p 0, p 1, or not training."""

    def keep(args, kwargs):
        given = {"p": 0.5, "training": training, **dict(zip(("p", "training"), args[1:])), **kwargs}
        return given["p"] in (0.0, 1.0) or not given["training"]

    return keep


def sound_limits(args, kwargs):
    """Later PyTorch refuses limits in disorder, and so do we; broken ones for integers, too."""
    low, high = kwargs.get("min_val", -1.0), kwargs.get("max_val", 1.0)
    return low <= high and (args[0].is_floating_point() or float(low).is_integer() and float(high).is_integer())


def channels(args, kwargs):
    """Of tensors without channels we refuse also what would drop nothing."""
    return args[0].dim() > 1 and args[0].is_floating_point() and determined(False)(args, kwargs)


def certain(args, kwargs):
    """Trials whose outcome no draw decides; the zeros that PyTorch calls their gradient we leave out."""
    chances = args[1] if len(args) > 1 else args[0]
    return not args[0].requires_grad and bool(torch.as_tensor(chances).remainder(1).eq(0).all())


def spreading(fn):
    """A function of many tensors, called with a list of them."""
    return lambda tensors, **options: fn(*tensors, **options)


def written(name):
    """A method that fills its tensor, on a copy: leaves that require a gradient cannot be written to."""
    return lambda x, *rest: getattr(x.clone(), name)(*rest)


# Creation. Expected values are those of float64 arithmetic rounded by the runner.
row("create", "zeros", "zeros")
row("create", "ones", "ones")
row("create", "full", None, fn=torch.full)
row("create", "arange", "arange", hoist=("end", "step"), keep=no_bool)
row("create", "linspace", "linspace", keep=even_steps)
row("create", "eye", "eye", hoist=("m",))
row("create", "zerosLike", "zeros_like")
row("create", "onesLike", "ones_like")
row("create", "fullLike", "full_like")

# Elementwise, one input.
UNARY = "abs neg sign reciprocal sqrt rsqrt square exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh"
UNARY += " asinh acosh atanh sigmoid erf erfc floor ceil round trunc isnan isinf isfinite nan_to_num logical_not"
same("elementwise", UNARY)
same("elementwise", "relu leaky_relu elu gelu silu softplus logsigmoid", prefix="nn.functional.")

# Elementwise, several inputs.
same("elementwise", "add sub", keep=no_bool_alpha)
same("elementwise", "mul div floor_divide fmod remainder pow atan2 maximum minimum lerp logaddexp heaviside")
same("elementwise", "eq ne lt le gt ge logical_and logical_or logical_xor")
same("elementwise", "clamp clamp_min clamp_max masked_fill")
row("elementwise", "where", "where", adapt=lambda a, k: ((a[1], a[0], *a[2:]), k))
same("elementwise", "rsub", keep=no_bool_alpha)
same("elementwise", "frac deg2rad rad2deg positive addcmul addcdiv bitwise_and bitwise_or bitwise_xor bitwise_not")
same("elementwise", "isposinf isneginf isclose")
same("elementwise", "hardtanh relu6 selu mish", prefix="nn.functional.", keep=sound_limits)
row("elementwise", "fill", "fill", fn=torch.fill, hoist=("value",))
same("elementwise", "clone contiguous bool int long float", keep=no_options("memory_format"))

# Second names.
alias("elementwise", "absolute=abs sgn=sign negative=neg arccos=acos arccosh=acosh arcsin=asin arcsinh=asinh arctan=atan arctanh=atanh fix=trunc")
alias("elementwise", "divide=div multiply=mul arctan2=atan2 clip=clamp")
alias("elementwise", "greater=gt greater_equal=ge less=lt less_equal=le not_equal=ne")
alias("elementwise", "subtract=sub", keep=no_bool_alpha)
alias("elementwise", "true_divide=div", keep=no_options("rounding_mode"))

# Reductions. `max(x, dim)` and `max(x, other)` are PyTorch's overloads of one name.
same("reduce", "sum mean prod amax amin max min argmax argmin logsumexp any all cumsum")
same("reduce", "var std", adapt=unbiased_option, keep=lambda a, k: k.get("correction", 1) is not None)
row("reduce", "norm", "norm", keep=lambda a, k: "nuc" not in a)
row("reduce", "vectorNorm", "linalg.vector_norm", hoist=("ord",))
same("reduce", "count_nonzero cumprod nansum nanmean dist")

# Views and layout.
same("view", "reshape view flatten squeeze unsqueeze permute transpose t movedim expand narrow select unbind split")
same("view", "split_with_sizes chunk cat stack flip roll tile repeat tril triu broadcast_to")
row("view", "pad", "nn.functional.pad")
same("view", "expand_as reshape_as view_as unflatten diag diagonal hstack vstack unfold slice")
same("view", "fliplr flipud rot90 trace diagflat diagonal_scatter dstack column_stack hsplit vsplit dsplit select_scatter slice_scatter diff")
row("view", "tensorSplit", "tensor_split", keep=lambda a, k: not isinstance(a[1], torch.Tensor))
for spread in ("block_diag", "broadcast_tensors", "cartesian_prod", "meshgrid"):
    row("view", camel(spread), None, fn=spreading(getattr(torch, spread)))
same("view", "atleast_1d atleast_2d atleast_3d", keep=lambda a, k: len(a) == 1 and isinstance(a[0], torch.Tensor))
row("view", "mT", "mT", keep=lambda a, k: a[0].dim() > 1)
alias("view", "swapaxes=transpose swapdims=transpose moveaxis=movedim concat=cat concatenate=cat row_stack=vstack")
row("view", "ravel", "ravel")
row("view", "diagEmbed", "diag_embed", keep=no_options("dim1", "dim2"))
row("view", "repeatInterleave", "repeat_interleave", hoist=("repeats",), keep=one_count)
row("view", "asStrided", "as_strided", hoist=("storage_offset",))
row("view", "asStridedScatter", None, fn=strided_scatter)

# Indexing. An index is a list of integers, slices, null (new axis), ellipsis, index tensors and masks.
same("gather", "scatter_add index_add", keep=no_bool_data)
same("gather", "gather index_select", keep=lambda a, k: a[2].dtype == torch.int64)
row("gather", "index", None, fn=getitem)
row("gather", "oneHot", "nn.functional.one_hot", hoist=("num_classes",))
row("gather", "embedding", "nn.functional.embedding", adapt=lambda a, k: ((a[1], a[0]), k), keep=lambda a, k: not k.get("sparse"))
same("gather", "index_copy index_fill put take index_put")
row("gather", "takeAlongDim", "take_along_dim", keep=lambda a, k: a[1].dtype == torch.int64)
row("gather", "scatter", "scatter", hoist=("src", "value"), keep=no_options("reduce"))
row("gather", "at", None, fn=lambda x, *index: x[index])

# Contractions.
same("matmul", "matmul mv dot mm bmm addmm outer", keep=no_byte)
same("matmul", "addr", keep=lambda a, k: a[0].dtype not in (torch.bool, torch.uint8))
same("matmul", "inner vdot addmv baddbmm addbmm kron", keep=no_byte)
row("matmul", "tensordot", "tensordot", hoist=("dims",), keep=no_byte)
alias("matmul", "ger=outer", keep=no_byte)
row("matmul", "linear", "nn.functional.linear", keep=no_byte)

# Convolutions.
for nd in "123":
    row("conv", f"conv{nd}d", None if nd == "3" else f"nn.functional.conv{nd}d", fn=getattr(F, f"conv{nd}d"), hoist=("weight", "bias"))
    row("conv", f"convTranspose{nd}d", f"nn.functional.conv_transpose{nd}d", hoist=("weight", "bias"))
row("conv", "im2col", "nn.functional.unfold", hoist=("kernel_size",))

# Pooling. With returnIndices the result is the pair [out, indices].
for nd in "123":
    row("pool", f"maxPool{nd}d", f"nn.functional.max_pool{nd}d", hoist=("kernel_size",))
    row("pool", f"avgPool{nd}d", f"nn.functional.avg_pool{nd}d", hoist=("kernel_size",))
    row("pool", f"maxUnpool{nd}d", f"nn.functional.max_unpool{nd}d", variants=("grad",), hoist=("kernel_size",))
    row("pool", f"adaptiveAvgPool{nd}d", f"nn.functional.adaptive_avg_pool{nd}d")

# Normalisation, and dropout where its result is determined.
same("normalize", "softmax log_softmax")
row("normalize", "layerNorm", "nn.functional.layer_norm")
row("normalize", "batchNorm", "nn.functional.batch_norm", variants=("",))
same("normalize", "dropout", prefix="nn.functional.", keep=determined(True))
row("normalize", "dropout1d", None, fn=F.dropout1d, keep=determined(True))
same("normalize", "dropout2d dropout3d", prefix="nn.functional.", keep=determined(True))
row("normalize", "alphaDropout", None, fn=F.alpha_dropout, keep=determined(False))
same("normalize", "feature_alpha_dropout", prefix="nn.functional.", keep=channels)

# Filling with random numbers that no draw decides: certain trials, a spread of 0.
row("create", "bernoulli", "bernoulli", keep=certain)
row("create", "bernoulli_", None, fn=written("bernoulli_"), keep=certain)
row("create", "uniform_", None, fn=written("uniform_"))
row("create", "normal_", None, fn=written("normal_"))
row("create", "exponential_", None, fn=written("exponential_"))

# Losses.
same("loss", "cross_entropy nll_loss mse_loss binary_cross_entropy_with_logits smooth_l1_loss huber_loss", prefix="nn.functional.")
same("loss", "l1_loss binary_cross_entropy kl_div", prefix="nn.functional.")
