// Where everything is described: pages in PyTorch's order, and the chapters of its reference that they take in.
import { readFileSync } from "node:fs";
import { snake } from "../../src/base/python.ts";

interface Names {
  readonly version: string;
  readonly namespaces: Readonly<
    Record<string, { readonly chapters: Readonly<Record<string, readonly string[]>>; readonly undocumented: readonly string[] }>
  >;
}
/** PyTorch's public names, written by pytorch_names.py. */
export const pytorch = JSON.parse(readFileSync(new URL("pytorch-names.json", import.meta.url), "utf8")) as Names;

/** Our namespaces, and PyTorch's of the same contents; "" is the root. */
export const counterparts: Readonly<Record<string, string>> = {
  "": "torch",
  autograd: "torch.autograd",
  linalg: "torch.linalg",
  nn: "torch.nn",
  "nn.functional": "torch.nn.functional",
  "nn.init": "torch.nn.init",
  "nn.utils": "torch.nn.utils",
  optim: "torch.optim",
  "optim.lrScheduler": "torch.optim.lr_scheduler",
  data: "torch.utils.data",
};

export interface Page {
  readonly file: string;
  readonly title: string;
  readonly intro: string;
  /** Chapters of PyTorch's reference, as `namespace` or `namespace: chapter`. */
  readonly chapters: readonly string[];
  /** Namespaces of ours, and source files, whose names are here when no chapter says otherwise. */
  readonly own: readonly string[];
}

const page = (file: string, title: string, chapters: readonly string[], own: readonly string[] = [], intro = ""): Page => ({
  file,
  title,
  intro,
  chapters,
  own,
});
const nn = (file: string, title: string, chapters: readonly string[], own: readonly string[] = []): Page =>
  page(
    file,
    title,
    chapters.map((chapter) => `torch.nn: ${chapter}`),
    own,
  );

export const pages: readonly Page[] = [
  page("creation", "Creating tensors", ["torch: Tensors", "torch: Creation Ops"], ["src/tensor/create.ts", "src/tensor/print.ts"]),
  page("indexing", "Indexing, slicing, joining", ["torch: Indexing, Slicing, Joining, Mutating Ops"], ["src/ops/index-list.ts"]),
  page(
    "random",
    "Random numbers",
    ["torch: Generators", "torch: Random sampling"],
    ["src/base/random.ts", "src/tensor/sampling.ts", "src/ops/random/"],
    "Numbers come from PyTorch's Mersenne Twister in PyTorch's order of draws: the same seed gives the same numbers.",
  ),
  page("pointwise", "Pointwise", ["torch: Pointwise Ops"]),
  page("reduction", "Reduction", ["torch: Reduction Ops"]),
  page("comparison", "Comparison", ["torch: Comparison Ops"]),
  page("other", "Other operators", ["torch: Other Operations", "torch: Spectral Ops"]),
  page("blas", "Products and linear algebra", ["torch: BLAS and LAPACK Operations", "torch.linalg"], ["linalg"]),
  page("tensor", "Tensor", ["torch.Tensor"], ["src/ops/", "src/tensor/tensor.ts"]),
  page(
    "autograd",
    "autograd",
    ["torch: Locally disabling gradient computation", "torch.autograd"],
    ["autograd", "src/autograd/mode.ts", "src/inspect/gradcheck.ts"],
  ),
  nn("nn-containers", "nn: modules and containers", ["torch.nn", "Containers", "Utilities", "Lazy Modules Initialization"], ["src/nn/"]),
  nn("nn-convolution", "nn: convolution", ["Convolution Layers"]),
  nn("nn-pooling", "nn: pooling", ["Pooling layers"]),
  nn("nn-padding", "nn: padding", ["Padding Layers"]),
  nn("nn-activation", "nn: activations", ["Non-linear Activations (weighted sum, nonlinearity)", "Non-linear Activations (other)"]),
  nn("nn-normalization", "nn: normalisation", ["Normalization Layers"]),
  nn("nn-recurrent", "nn: recurrent layers and transformers", ["Recurrent Layers", "Transformer Layers"]),
  nn("nn-linear", "nn: linear, dropout, embedding", ["Linear Layers", "Dropout Layers", "Sparse Layers"]),
  nn("nn-loss", "nn: losses and distances", ["Loss Functions", "Distance Functions"]),
  nn("nn-vision", "nn: vision", ["Vision Layers", "Shuffle Layers"]),
  page("nn-functional", "nn.functional", ["torch.nn.functional"], ["nn.functional"]),
  page(
    "nn-init",
    "nn.init",
    ["torch.nn.init"],
    ["nn.init"],
    "Every function writes into the tensor that it is given, outside of the graph, and returns it.",
  ),
  page("nn-utils", "nn.utils", ["torch.nn.utils"], ["nn.utils", "nn.utils.parametrize", "nn.utils.parametrizations"]),
  page("optim", "optim", ["torch.optim"], ["optim"]),
  page("lr-scheduler", "optim.lrScheduler", ["torch.optim.lr_scheduler"], ["optim.lrScheduler"], "The same classes are in `optim` too."),
  page("data", "data", ["torch.utils.data"], ["data"]),
  page("io", "io", [], ["io"], "Files: safetensors, checkpoints, IDX. Nothing here touches a file system: bytes come in and go out."),
  page("inspect", "Looking inside", ["torch: Utilities"], ["inspect", "src/inspect/"]),
  page("devices", "Devices and memory", [], ["src/tensor/device.ts", "src/autograd/scope.ts"]),
  page("kernels", "Own kernels", [], ["src/tensor/user-kernel.ts"]),
  page("errors", "Errors", [], ["src/base/errors.ts"], "Form of every message: `op: what is wrong, with the values (remedy)`."),
];

const titles = new Map(pages.flatMap(({ file, chapters }) => chapters.map((chapter) => [chapter, file] as const)));
const order: readonly string[] = Object.keys(pytorch.namespaces);

/** PyTorch's spellings of a name. */
export const spellings = (name: string): readonly string[] => [...new Set([snake(name), name])];

/** The chapter of a namespace that lists a name. */
function chapterIn(namespace: string, name: string): string | undefined {
  const { chapters } = pytorch.namespaces[namespace]!;
  const found = Object.entries(chapters).find(([, names]) => spellings(name).some((spelling) => names.includes(spelling)));
  return found?.[0];
}

export interface Place {
  readonly file: string;
  /** Position in PyTorch's reference, or infinite for what is only ours. */
  readonly rank: number;
}

/**
 * The page of a name in one of our namespaces: that of its chapter, in its own counterpart first and then in the others that describe
 * functions; for what PyTorch does not have, that of its namespace or source file. `functional`: nn.functional has it too.
 */
export function placeOf(namespace: string, name: string, file: string, functional = true): Place {
  const first = counterparts[namespace];
  const others = [...(functional ? ["torch.nn.functional"] : []), "torch.Tensor", "torch.autograd", "torch.linalg"];
  const spaces = namespace === "" ? [first!, ...others] : first ? [first] : [];
  for (const space of spaces) {
    const chapter = chapterIn(space, name);
    const page = chapter && (titles.get(`${space}: ${chapter}`) ?? titles.get(space));
    if (page) return { file: page, rank: rankOf(space, name) };
  }
  const own = pages.find((p) => p.own.includes(namespace)) ?? pages.find((p) => p.own.some((prefix) => file.startsWith(prefix)));
  if (!own) throw new Error(`docs: ${name} of ${file} has no page (add its file to one in build/docs/chapters.ts)`);
  return { file: own.file, rank: Infinity };
}

function rankOf(space: string, name: string): number {
  const names = Object.values(pytorch.namespaces[space]!.chapters).flat();
  return (
    order.indexOf(space) * 1e5 +
    Math.min(
      ...spellings(name)
        .map((s) => names.indexOf(s))
        .filter((i) => i >= 0),
    )
  );
}
