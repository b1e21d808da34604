// The `nn.utils.parametrizations` namespace: parametrizations that are often wanted.
export { orthogonal, type OrthogonalMap, type OrthogonalOptions } from "./orthogonal.ts";
export { spectralNorm, type SpectralNormOptions } from "./spectral.ts";
export { weightNorm } from "./weight-norm.ts";
