"""Makes word-vectors.json.gz: what test/ported/word-vectors.ts computes, as PyTorch computes it.

    /usr/bin/python3 test/ported/word_vectors.py

Skip-gram with negative sampling (Mikolov et al. 2013), nearest words, and k-means as in subhadarship/kmeans_pytorch (MIT) with torch.randperm
in place of np.random.choice. The corpus goes round twelve words with steps of 1, 3 and 2.
"""
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "golden"))
from encode import write_json_gz  # noqa: E402

SEED, STEPS, SIZE, NEGATIVES, WINDOW, BATCH = 11, 24, 6, 3, 2, 8
CORPUS = [0]
for i in range(59):
    CORPUS.append((CORPUS[-1] + (1, 3, 2)[i % 3]) % 13)


class SkipGram(nn.Module):
    def __init__(self, counts):
        super().__init__()
        vocab_size = len(counts)
        self.ivectors = nn.Embedding(vocab_size, SIZE, padding_idx=0)
        self.ovectors = nn.Embedding(vocab_size, SIZE, padding_idx=0)
        for vectors in (self.ivectors, self.ovectors):
            vectors.weight = nn.Parameter(torch.cat([torch.zeros(1, SIZE), torch.empty(vocab_size - 1, SIZE).uniform_(-0.5 / SIZE, 0.5 / SIZE)]))
        wf = torch.pow(counts.float(), 0.75)
        self.register_buffer("weights", wf / wf.sum())

    def forward(self, words, contexts):
        batch_size, context_size = contexts.shape
        nitems = torch.multinomial(self.weights, batch_size * context_size * NEGATIVES, replacement=True).view(batch_size, -1)
        ivectors = self.ivectors(words).unsqueeze(2)
        ovectors = self.ovectors(contexts)
        nvectors = self.ovectors(nitems).neg()
        oloss = F.logsigmoid(torch.bmm(ovectors, ivectors).squeeze(-1)).mean(1)
        nloss = F.logsigmoid(torch.bmm(nvectors, ivectors).squeeze(-1)).view(-1, context_size, NEGATIVES).sum(2).mean(1)
        return -(oloss + nloss).mean()


def kmeans(X, num_clusters, tol=1e-4, iter_limit=0):
    initial_state = X[torch.randperm(len(X))[:num_clusters]]
    iteration = 0
    while True:
        dis = ((X.unsqueeze(1) - initial_state.unsqueeze(0)) ** 2.0).sum(dim=-1).squeeze()
        choice_cluster = torch.argmin(dis, dim=1)
        initial_state_pre = initial_state.clone()
        for index in range(num_clusters):
            selected = torch.nonzero(choice_cluster == index).squeeze(1)
            selected = torch.index_select(X, 0, selected)
            if selected.shape[0] == 0:
                selected = X[torch.randint(len(X), (1,))]
            initial_state[index] = selected.mean(dim=0)
        center_shift = torch.sum(torch.sqrt(torch.sum((initial_state - initial_state_pre) ** 2, dim=1)))
        iteration += 1
        if center_shift**2 < tol or iteration == iter_limit:
            return choice_cluster, initial_state


def run(dtype, steps):
    torch.manual_seed(SEED)
    padded = [0] * WINDOW + CORPUS + [0] * WINDOW
    words = torch.tensor(CORPUS)
    contexts = torch.tensor([padded[i : i + WINDOW] + padded[i + WINDOW + 1 : i + 2 * WINDOW + 1] for i in range(len(CORPUS))])
    _, counts = torch.unique(words, return_counts=True)
    model = SkipGram(counts).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=4.0, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.5)
    losses = []
    for _ in range(steps):
        batch = torch.randperm(words.size(0))[:BATCH]
        optimizer.zero_grad()
        loss = model(words[batch], contexts[batch])
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    vectors = F.normalize(model.ivectors.weight.detach()[1:], dim=1)
    similarity = torch.einsum("id,jd->ij", vectors, vectors).fill_diagonal_(-float("inf"))
    choice, centers = kmeans(model.ivectors.weight.detach(), 4)
    return {"losses": losses, "nearest": (torch.topk(similarity, 3, 1).indices + 1).tolist(), "choice": choice.tolist(), "centers": centers.flatten().tolist()}


if __name__ == "__main__":
    runs = {"float64": run(torch.float64, STEPS), "float32": run(torch.float32, 4)}
    print({key: [r["losses"][0], r["losses"][-1], r["choice"]] for key, r in runs.items()})
    write_json_gz(f"{HERE}/word-vectors.json.gz", {"torch": torch.__version__, "corpus": CORPUS, **runs})
