// Shader files are imported as text; Vite inlines them into the builds.
declare module "*.wgsl?raw" {
  const source: string;
  export default source;
}
