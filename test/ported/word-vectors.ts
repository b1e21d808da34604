// Words as vectors, and clusters of them: skip-gram with negative sampling as scripts write it (Mikolov et al. 2013, Distributed Representations
// of Words and Phrases), nearest words, and k-means line by line after subhadarship/kmeans_pytorch (MIT).
import {
  argmin,
  bmm,
  cat,
  type DType,
  einsum,
  empty,
  indexSelect,
  multinomial,
  nn,
  noGrad,
  nonzero,
  optim,
  pow,
  randint,
  randperm,
  sqrt,
  sum,
  type Tensor,
  tensor,
  topk,
  unique,
  zeros,
} from "../../src/index.ts";

const F = nn.functional;

// ---- skip-gram --------------------------------------------------------------------------------------------------------

/** Pairs of words and what stands within `window` of them: [pairs] and [pairs, 2 · window]; word 0 fills up at the ends. */
export function skipgrams(corpus: readonly number[], window: number): [words: Tensor, contexts: Tensor] {
  const beside = Array.from({ length: 2 * window }, (_, k) => (k < window ? k - window : k - window + 1));
  const contexts = corpus.map((_, i) => beside.map((k) => corpus[i + k] ?? 0));
  return [tensor([...corpus], { dtype: "long" }), tensor(contexts, { dtype: "long" })];
}

export class SkipGram extends nn.Module {
  readonly ivectors: nn.Embedding;
  readonly ovectors: nn.Embedding;
  readonly weights: nn.Buffer;
  readonly nNegs: number;

  constructor(counts: Tensor, embeddingSize: number, nNegs: number) {
    super();
    const vocabSize = counts.size(0);
    const table = (): nn.Parameter => {
      const rows = empty(vocabSize - 1, embeddingSize).uniform_(-0.5 / embeddingSize, 0.5 / embeddingSize);
      return new nn.Parameter(cat([zeros(1, embeddingSize), rows]));
    };
    this.ivectors = new nn.Embedding(vocabSize, embeddingSize, { paddingIdx: 0 });
    this.ovectors = new nn.Embedding(vocabSize, embeddingSize, { paddingIdx: 0 });
    this.ivectors.weight = table();
    this.ovectors.weight = table();
    const wf = pow(counts.float(), 0.75);
    this.weights = new nn.Buffer(wf.div(wf.sum()));
    this.nNegs = nNegs;
  }

  /** The loss; a promise, since drawing reads the weights. */
  override async forward(words: Tensor, contexts: Tensor): Promise<Tensor> {
    const [batchSize, contextSize] = contexts.shape as [number, number];
    const drawn = await multinomial(this.weights, batchSize * contextSize * this.nNegs, { replacement: true });
    const nitems = drawn.view(batchSize, -1);
    const ivectors = this.ivectors.call(words).unsqueeze(2);
    const ovectors = this.ovectors.call(contexts);
    const nvectors = this.ovectors.call(nitems).neg();
    const oloss = F.logsigmoid(bmm(ovectors, ivectors).squeeze(-1)).mean(1);
    const nloss = F.logsigmoid(bmm(nvectors, ivectors).squeeze(-1)).view(-1, contextSize, this.nNegs).sum(2).mean(1);
    return oloss.add(nloss).mean().neg();
  }
}

export async function train(corpus: readonly number[], steps: number, dtype: DType): Promise<{ losses: number[]; model: SkipGram }> {
  const [words, contexts] = skipgrams(corpus, 2);
  const [, counts] = await unique(words, { returnCounts: true });
  const model = new SkipGram(counts, 6, 3).to(dtype);
  const optimizer = new optim.SGD(model.parameters(), { lr: 4, momentum: 0.9, nesterov: true });
  const scheduler = new optim.StepLR(optimizer, 10, { gamma: 0.5 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const batch = randperm(words.size(0)).at({ stop: 8 });
    optimizer.zeroGrad();
    const loss = await model.call(words.at(batch), contexts.at(batch));
    loss.backward();
    optimizer.step();
    scheduler.step();
    losses.push(await loss.item());
  }
  return { losses, model };
}

/** The `k` most similar other words of each word but 0, which means none. */
export function nearest(model: SkipGram, k: number): Tensor {
  return noGrad(() => {
    const vectors = F.normalize(model.ivectors.weight.at({ start: 1 }), { dim: 1 });
    const similarity = einsum("id,jd->ij", vectors, vectors).fillDiagonal_(-Infinity);
    const { indices } = topk(similarity, k, 1);
    return indices.add(1);
  });
}

// ---- kmeans_pytorch ---------------------------------------------------------------------------------------------------

function initialize(X: Tensor, numClusters: number): Tensor {
  const numSamples = X.size(0);
  const indices = randperm(numSamples).at({ stop: numClusters });
  return X.at(indices);
}

function pairwiseDistance(data1: Tensor, data2: Tensor): Tensor {
  const A = data1.unsqueeze(1);
  const B = data2.unsqueeze(0);
  return A.sub(B).pow(2).sum(-1).squeeze();
}

export async function kmeans(given: Tensor, numClusters: number, tol = 1e-4, iterLimit = 0): Promise<[choice: Tensor, centers: Tensor]> {
  const X = given.detach();
  const initialState = initialize(X, numClusters);
  for (let iteration = 1; ; iteration++) {
    const dis = pairwiseDistance(X, initialState);
    const choiceCluster = argmin(dis, { dim: 1 });
    const initialStatePre = initialState.clone();
    for (let index = 0; index < numClusters; index++) {
      let selected = (await nonzero(choiceCluster.eq(index))).squeeze(1);
      selected = indexSelect(X, 0, selected);
      if (selected.size(0) === 0) selected = X.at(randint(X.size(0), [1]));
      initialState.indexPut_([index], selected.mean({ dim: 0 }));
    }
    const centerShift = sum(sqrt(sum(initialState.sub(initialStatePre).pow(2), { dim: 1 })));
    if ((await centerShift.item()) ** 2 < tol || iteration === iterLimit) return [await choiceCluster.cpu(), await initialState.cpu()];
  }
}
