// What every call has in common: arguments are read and refused in one way, before anything is allocated.
import { describe, expect, it } from "vitest";
import { WengertError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { memory } from "../../src/tensor/device.ts";
import { functions } from "../../src/tensor/methods.ts";
import { records } from "../../src/ops/install.ts";
import "../../src/ops/all.ts";
import { onEveryDevice } from "../devices.ts";

const call = functions as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

onEveryDevice((device) => {
  describe("apply", () => {
    it.each(Object.keys(records))("%s of missing or alien arguments throws a typed error", (name) => {
      const x = tensor([[1, 2], [3, 4]]); // prettier-ignore
      const lists = [[], [null], ["text"], [{}], [[]], [x, null], [x, x, null, "text"], [null, x]];
      const before = memory().gpuBytes;
      for (const args of lists) {
        let error: unknown;
        try {
          call[name]!(...args);
        } catch (thrown) {
          error = thrown;
        }
        if (error === undefined) continue;
        expect(error, `${name}(${args.map(String).join(", ")})`).toBeInstanceOf(WengertError);
        expect((error as WengertError).op).toBe(name);
        if (args.length === 0 && device === "webgpu") expect(memory().gpuBytes).toBe(before);
      }
      expect(() => call[name]!()).toThrow(WengertError);
    });

    it("says what it was given, and keeps the error from within as the cause", () => {
      const x = tensor([[1, 2], [3, 4]]); // prettier-ignore
      let error: unknown;
      try {
        call["crossEntropy"]!(x, undefined);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ name: "DtypeError", op: "crossEntropy" });
      expect((error as Error).message).toContain("float32[2, 2], undefined");
      expect((error as Error).cause).toBeInstanceOf(TypeError);
    });
  });
});
