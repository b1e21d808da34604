/**
 * The environment for programs that load graphics drivers. Those look for a display under XDG_RUNTIME_DIR, and each complains where it is
 * not set, as in a container: there it is a folder of their own.
 */
export function environment(folder: string, given: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return given["XDG_RUNTIME_DIR"] ? given : { ...given, XDG_RUNTIME_DIR: folder };
}
