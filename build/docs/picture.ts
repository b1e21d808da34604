// docs/graph.svg: the graph of the README's example.
import { inspect, manualSeed, nn, randn } from "../../src/index.ts";

export function picture(): string {
  manualSeed(42);
  const model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 1));
  const x = randn(64, 2);
  const loss = nn.functional.mseLoss(model.call(x), x.prod(1, { keepdim: true }));
  // White behind it, for readers of dark pages.
  return inspect
    .toSvg(loss, { params: model.namedParameters() })
    .replace(/^<svg [^>]*>/, '$&<rect width="100%" height="100%" fill="#fff"/>');
}
