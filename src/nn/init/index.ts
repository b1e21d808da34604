// The `nn.init` namespace: initialisation in place.
export * from "./drawn.ts";
export { dirac_, eye_, orthogonal_ } from "./structured.ts";
