// Waiting for what a device owes.
import { expect, it, vi } from "vitest";
import { watchOf } from "../../src/device/webgpu/watch.ts";

it("a wait on a device that is gone takes care of the answer's rejection", async () => {
  const gone = new Error("gone");
  const wait = watchOf(Promise.resolve(gone));
  await Promise.resolve();
  const answer = Promise.reject(new Error("Instance dropped in popErrorScope"));
  const then = vi.spyOn(answer, "then");
  await expect(wait(answer, "popErrorScope")).rejects.toBe(gone);
  expect(then).toHaveBeenCalledWith(undefined, expect.any(Function));
});
