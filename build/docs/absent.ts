// Names of PyTorch that are spelt otherwise here, and why others are not here. Whether a name is here is found out by looking (from-pytorch.ts).

/** What has another name here. Every path is looked up when the documents are made, and must exist. */
export const elsewhere: Readonly<Record<string, readonly string[]>> = {
  "torch.save": ["io.saveCheckpoint", "io.saveSafetensors"],
  "torch.load": ["io.loadCheckpoint", "io.loadSafetensors"],
  "torch.asarray": ["asTensor"],
  "torch.from_numpy": ["tensor"],
  "torch.frombuffer": ["tensor"],
  "torch.scalar_tensor": ["tensor"],
  "torch.range": ["arange"],
  "torch.is_tensor": ["Tensor"],
  "torch.numel": ["Tensor.numel"],
  "torch.detach": ["Tensor.detach"],
  "torch.set_printoptions": ["setPrintOptions"],
  "torch.inference_mode": ["noGrad"],
  "torch.get_rng_state": ["Generator.getState"],
  "torch.set_rng_state": ["Generator.setState"],
  "torch.argwhere": ["Tensor.argwhere"],
  "torch.bincount": ["Tensor.bincount"],
  "torch.multinomial": ["Tensor.multinomial"],
  "torch.nonzero": ["Tensor.nonzero"],
  "torch.masked_select": ["Tensor.maskedSelect"],
  "torch.set_anomaly_enabled": ["autograd.detectAnomaly"],
  "torch.zero_": ["Tensor.zero_"],
  "torch.fill_": ["Tensor.fill_"],
  "torch.Size": ["Tensor.shape"],
  "torch.Tensor.numpy": ["Tensor.array"],
  "torch.Tensor.cuda": ["Tensor.to"],
  "torch.Tensor.is_cuda": ["Tensor.device"],
  "torch.Tensor.is_cpu": ["Tensor.device"],
  "torch.Tensor.byte": ["Tensor.to"],
  "torch.nn.Module.add_module": ["nn.Module"],
  "torch.nn.Module.register_module": ["nn.Module"],
  "torch.nn.Module.cuda": ["nn.Module.to"],
  "torch.nn.Module.type": ["nn.Module.to"],
  "torch.nn.Module.register_backward_hook": ["nn.Module.registerFullBackwardHook"],
  "torch.nn.utils.clip_grad_norm": ["nn.utils.clipGradNorm_"],
  "torch.autograd.set_detect_anomaly": ["autograd.detectAnomaly"],
  "torch.autograd.inference_mode": ["noGrad"],
  "torch.autograd.Function.forward": ["autograd.Function"],
  "torch.autograd.Function.backward": ["autograd.Function"],
  "torch.autograd.function.FunctionCtx.mark_dirty": ["autograd.Context.markDirty"],
  "torch.autograd.function.FunctionCtx.mark_non_differentiable": ["autograd.Context.markNonDifferentiable"],
  "torch.autograd.function.FunctionCtx.save_for_backward": ["autograd.Context.saveForBackward"],
  "torch.autograd.function.FunctionCtx.set_materialize_grads": ["autograd.Context.setMaterializeGrads"],
  "torch.autograd.profiler.profile": ["profile"],
  "torch.autograd.variable": ["tensor"],
  "torch.autograd.Variable": ["Tensor"],
  "torch.utils.data.get_worker_info": ["data.DataLoader"],
};

const notYet = "not yet";

/** Reasons, the first that fits; names are tried with their namespace. */
const reasons: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/quant(?!ile)|\.q_|qscheme|int_repr|\.qu?int|fbgemm|\.per_(tensor|channel)|fused_moving_avg/, "no quantised tensors"],
  [
    /sparse(?!_\.?$)|Sparse(?!Layers)|coalesce|(?<!tri[lu]|with)_indices|\.indices$|\.values|dense|smm|spmm|hspmm|saddmm|sspaddmm|dsmm|hsmm|crow|ccol/,
    "no sparse tensors",
  ],
  [
    /complex|[._]conj|\.real$|\.imag$|\.angle|cfloat|cdouble|chalf|\.polar|isreal|is_neg$|resolve_neg|\.[mA-Z]?H$|adjoint|view_as_real/,
    "no complex numbers",
  ],
  [/stft|\.fft/, `${notYet}: Fourier transforms need complex numbers`],
  [/[pP]arallel|[dD]istributed|share_memory|is_shared|SyncBatchNorm/, "one device, one process"],
  [
    /cudnn|miopen|mkldnn|[._]mps|[._]ipu|[._]xpu|vulkan|[._]ort$|has_(mkl|lapack|openmp|cuda|spectral)|record_stream|pin_memory|is_pinned|[sS]tream|tf32|get_device|is_meta|to_empty|float32_matmul_precision/,
    "the CPU and WebGPU are the devices there are",
  ],
  [/bfloat16|half|float16|autocast/, `${notYet}: floats are float32, and float64 on the CPU`],
  [/\.(int8|int16|short|char|Char\w*|Short\w*)$/, "integers are int32 and uint8"],
  [/default_(dtype|tensor_type)|finfo|iinfo/, "pass `{ dtype }` where a tensor is made"],
  [/\.(names|rename_?|refine_names|align_\w+|has_names|name)$/, "no named tensors, a prototype in PyTorch too"],
  [
    /storage|Storage|data_ptr|\.set_$|resize|dlpack|from_file|empty_strided|is_set_to|as_subclass|element_size/,
    "memory is not handed out: tensors are made, viewed and copied",
  ],
  [
    /num_threads|interop|_deterministic_|deterministic_(algo|debug)|flush_denormal|warn_always|vital/,
    "nothing to set: one thread, and results are the same bits from run to run",
  ],
  [/Lazy|Uninitialized|UninitializedBuffer/, "sizes are given"],
  [/forward_ad|\.jvp|dual/, `${notYet}: forward-mode derivatives`],
  [/functional\.(jacobian|hessian|vjp|jvp|vhp|hvp)/, `${notYet}; \`autograd.grad\` with \`createGraph\` gives derivatives of any order`],
  [/profiler|emit_|nvprof|kineto|Profiler/, "`profile` tells dispatches, bytes and GPU time by operator"],
  [
    /^torch\.(Tensor\.)?(symeig|eig|solve|lstsq|lu|qr|svd|matrix_rank)$|nn\.Container$|NLLLoss2d|CrossMapLRN2d|volatile|reinforce|nn\.init\.[a-z_]+[^_]$|upsample_/,
    "deprecated in PyTorch",
  ],
  [
    /_copy$|native_|unsafe_|_forward$|_with_indices$|^torch\.(rnn|lstm|gru)_|_cell$|_elemt|_stats|backward_reduce$|segment_reduce$|is_same_size|embedding_renorm_|affine_grid_generator|grid_sampler|norm_except_dim|\.convolution$|constant_pad_nd|conv_tbc|conj_physical|frobenius_norm|nuclear_norm|native|feature_dropout|binomial$/,
    "PyTorch's own internals",
  ],
  [
    /typing|TYPE_CHECKING|BroadcastingList|_notes$|handle_torch_function|has_torch_function|is_tensor_like|boolean_dispatch|assert_int|GRID_SAMPLE|factory_kwargs|EPOCH_|bisect_right|\.inf$|\.nan$|\.pi$|\.e$|classproperty|typename|\.attr$|obj$|candidate$|Tag$/,
    "Python's business",
  ],
  [
    /^torch\.[A-Z]\w*$|\.parse_|import_ir|unify_type|merge_type|jit|\.fork$|\.wait$|read_vitals|set_vital|get_file_path|prepare_multiproc|init_num|_abi$|autograd\.(DeviceType|NestedIOFunction|SavedTensor)/,
    "TorchScript and bindings to C++",
  ],
  [/\.layout$|memory_format|_format$|channels_last|\.strided$|contiguous_format/, "memory is laid out row by row"],
  [
    /data\.(DF|IterD|Map|DataChunk|DataLoader2|argument_validation|functional_datapipe|guaranteed|non_deterministic|runtime_validation)/,
    "data pipes, moved out of PyTorch since",
  ],
  [/IterableDataset|ChainDataset/, "`DataLoader` takes arrays and data sets with `get(index)`; iterate over a stream yourself"],
  [/\.(t|squeeze|unsqueeze|transpose|swapaxes|swapdims|as_strided)_$/, "a tensor keeps its shape: take the view, `x = x.unsqueeze(0)`"],
  [/\.detach_$/, "a tensor keeps its history: `x = x.detach()`"],
  [/\.apply_$|\.map_$|\.map2_$/, "elements are not called back: write it with operators, or `defineKernel`"],
  [/inference/, "`noGrad` does what inference mode is for"],
  [/result_type|can_cast|promote_types/, `${notYet}; dtypes are promoted as PyTorch promotes them`],
  [/extra_state|get_(buffer|parameter|submodule)|dump_patches|post_hook/, notYet],
];

/** Why a name is not here. */
export const reasonFor = (path: string): string => reasons.find(([pattern]) => pattern.test(path))?.[1] ?? notYet;
