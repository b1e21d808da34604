// The `nn.utils` namespace.
export { clipGradNorm_, clipGradValue_ } from "./clip.ts";
export { fuseConvBnEval, fuseConvBnWeights, fuseLinearBnEval, fuseLinearBnWeights } from "./fusion.ts";
export { skipInit } from "./init/skipping.ts";
export * as parametrizations from "./parametrizing/parametrizations.ts";
export * as parametrize from "./parametrizing/parametrize.ts";
export { removeSpectralNorm, removeWeightNorm, spectralNorm, weightNorm } from "./parametrizing/replaced.ts";
export { parametersToVector, vectorToParameters } from "./vectors.ts";
