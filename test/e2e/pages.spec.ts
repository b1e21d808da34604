// All pages: they fit every width, and can be used from the keyboard.
import { expect, test } from "playwright/test";
import { reachStep, shiftsOf, watchShifts } from "./visit.ts";

for (const path of ["./", "convnet/", "selftest/?device=cpu"])
  for (const widths of [
    [360, 768],
    [1600, 1280],
  ])
    test(`${path} fits ${widths.join(" and ")} px, light and dark, and nothing moves`, async ({ page }) => {
      await watchShifts(page);
      await page.setViewportSize({ width: widths[0]!, height: 900 });
      await page.goto(path);
      if (path === "convnet/") await reachStep(page, 3);
      else if (path !== "./") await expect(page.locator("#rows tr").nth(5)).toBeVisible();
      // 0.1 is what visitors do not notice.
      expect(await shiftsOf(page)).toBeLessThan(0.05);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
          const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
          const [red] = /\d+/.exec(background)!;
          expect(Number(red) > 128).toBe(colorScheme === "light");
        }
      }
    });

test("the keyboard reaches every control, and shows where it is", async ({ page }) => {
  await page.goto("convnet/");
  await reachStep(page, 3);
  await page.getByRole("button", { name: "Pause" }).click();
  const reached: string[] = [];
  for (let k = 0; k < 18; k++) {
    await page.keyboard.press("Tab");
    const [id, outline] = await page.evaluate(() => [
      document.activeElement?.id ?? "",
      getComputedStyle(document.activeElement!).outlineStyle,
    ]);
    if (id !== "") {
      reached.push(id!);
      expect(outline, id!).not.toBe("none");
    }
  }
  expect(reached).toEqual(
    expect.arrayContaining(["step", "restart", "rate", "batch", "model", "seed", "pad", "clear", "previous", "pick", "next"]),
  );
});
