// The pages as `npm run build:demo` writes them.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { environment } from "../setup/environment.ts";
import { root } from "../setup/source.ts";

/** Builds as from a shell, and lists the files. */
function build(): string[] {
  // Under Vitest's variables the configuration is that of the tests.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|DEV|PROD|MODE|SSR)/.test(name)));
  const { status, stderr } = spawnSync(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "error"], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return readdirSync(join(root, "demo/dist"), { recursive: true, encoding: "utf8" }).sort();
}

it("a build upon a build is the same tree, one page for each folder of demo/", () => {
  const first = build();
  expect(first.filter((path) => path.endsWith(".html"))).toEqual(["convnet/index.html", "index.html", "selftest/index.html"]);
  expect(build()).toEqual(first);
});

it("environment(folder) gives drivers a folder where there is none, and leaves one that is there", () => {
  expect(environment("/a", { HOME: "/h" })).toEqual({ HOME: "/h", XDG_RUNTIME_DIR: "/a" });
  expect(environment("/a", { XDG_RUNTIME_DIR: "" })).toEqual({ XDG_RUNTIME_DIR: "/a" });
  expect(environment("/a", { XDG_RUNTIME_DIR: "/run/user/1" })).toEqual({ XDG_RUNTIME_DIR: "/run/user/1" });
});
