// Any network that tells ten digits apart, trained as kuangliu/pytorch-cifar does it.
import { nn, optim, type Tensor } from "../../src/index.ts";
import type { Figures, Task } from "./task.ts";

export class ClassifierTask implements Task {
  readonly networks: { readonly net: nn.Module };
  readonly optimizers: { readonly sgd: optim.SGD };
  readonly #criterion = new nn.CrossEntropyLoss();

  constructor(net: nn.Module) {
    this.networks = { net };
    this.optimizers = { sgd: new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 5e-4 }) };
  }

  step(images: Tensor, labels: Tensor): Figures {
    const { sgd } = this.optimizers;
    sgd.zeroGrad();
    const outputs = this.#logits(images);
    const loss = this.#criterion.call(outputs, labels);
    loss.backward();
    sgd.step();
    return { loss, accuracy: accuracy(outputs.detach(), labels) };
  }

  evaluate(images: Tensor, labels: Tensor): Figures {
    return { accuracy: accuracy(this.#logits(images), labels) };
  }

  guesses(images: Tensor): Tensor {
    return this.#logits(images).argmax(1);
  }

  #logits(images: Tensor): Tensor {
    return this.networks.net.call(images) as Tensor;
  }
}

const accuracy = (logits: Tensor, labels: Tensor): Tensor => logits.argmax(1).eq(labels).float().mean();
