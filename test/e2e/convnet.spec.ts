// Train a ConvNet, on WebGPU.
import { expect, test } from "playwright/test";
import { collectProblems, expectState, learnMoreThan, reachStep, restart, savedLosses, stepOf } from "./visit.ts";

const COMPARED = 20;

/** How many different colours a canvas shows. */
function coloursIn(canvas: Element): number {
  const { width, height } = canvas as HTMLCanvasElement;
  const { data } = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
  return new Set(new Uint32Array(data.buffer)).size;
}

test("learns more than 95 % on WebGPU, and names the adapter that is software", async ({ page }) => {
  const problems = collectProblems(page);
  await page.goto("convnet/");
  await expect(page.locator("#device .chip")).toHaveText("WebGPU");
  await expect(page.locator("#device")).toContainText("in software, without a graphics processor: google swiftshader");
  await expectState(page, "running");
  await learnMoreThan(page, 95);
  await restart(page);
  await reachStep(page, 5);
  expect(problems).toEqual([]);
});

test("pause, step, resume and restart do what they say; a seed gives its curve again", async ({ page }) => {
  const problems = collectProblems(page);
  await page.goto("convnet/?seed=7");
  await reachStep(page, COMPARED);
  await page.getByRole("button", { name: "Pause" }).click();
  await expectState(page, "paused");
  const paused = await stepOf(page);
  // A question to the worker, which answers in turn: what it had still to say has come before.
  await page.getByRole("button", { name: "Next held-out digit" }).click();
  await expect(page.getByLabel("Held-out digit by number")).toHaveValue("5");
  await expect(page.locator("#guess")).toHaveText(/it is a \d/);
  expect(await stepOf(page)).toBe(paused);

  for (let k = 1; k <= 3; k++) {
    await page.getByRole("button", { name: "Step", exact: true }).click();
    await expect.poll(() => stepOf(page)).toBe(paused + k);
  }
  await expectState(page, "paused");
  const first = await savedLosses(page);
  expect(first).toHaveLength(paused + 3);
  expect(first[0]).toBeGreaterThan(2);
  expect(first.every(Number.isFinite)).toBe(true);

  await page.getByRole("button", { name: "Resume" }).click();
  await reachStep(page, paused + 6);

  await restart(page);
  await reachStep(page, COMPARED);
  await page.getByRole("button", { name: "Pause" }).click();
  await expectState(page, "paused");
  expect((await savedLosses(page)).slice(0, COMPARED)).toEqual(first.slice(0, COMPARED));

  await page.getByLabel("Seed").fill("8");
  await page.getByLabel("Seed").press("Enter");
  await expectState(page, "running");
  await reachStep(page, 3);
  expect((await savedLosses(page))[0]).not.toBe(first[0]);
  expect(page.url()).toContain("seed=8");
  expect(problems).toEqual([]);
});

test("learning rate and batch size act at the next step", async ({ page }) => {
  await page.goto("convnet/");
  await reachStep(page, 30);
  await page.getByRole("button", { name: "Pause" }).click();
  await expectState(page, "paused");
  const reference = await savedLosses(page);
  await restart(page);
  await reachStep(page, 2);
  await page.getByRole("button", { name: "Pause" }).click();
  await expectState(page, "paused");
  const changed = await stepOf(page);
  await page.getByLabel("Learning rate").press("End");
  await expect(page.locator("#rate-value")).toHaveText("0.1");
  await page.getByLabel("Batch size").selectOption("128");
  for (let k = 1; k <= 3; k++) {
    await page.getByRole("button", { name: "Step", exact: true }).click();
    await expect.poll(() => stepOf(page)).toBe(changed + k);
  }
  const losses = await savedLosses(page);
  const shared = Math.min(changed, reference.length);
  expect(losses.slice(0, shared)).toEqual(reference.slice(0, shared));
  // A rate fifty times the default throws the weights far off within two steps of Adam.
  expect(losses.at(-1)).toBeGreaterThan(1.5);
  await expect(page.locator("#graph svg")).toContainText("[128, 10]");
});

test("the pad, the pictures and the mistakes follow the network", async ({ page }) => {
  const problems = collectProblems(page);
  await page.goto("convnet/");
  await reachStep(page, 60);
  await expect(page.locator("#mistakes li").first()).toBeVisible();
  await expect(page.locator("#layers h3")).toHaveText([
    "6 first filters, 5 × 5",
    "6 after convolution 1, 28 × 28",
    "16 after convolution 2, 10 × 10",
  ]);
  for (const sheet of await page.locator("#layers canvas").all())
    await expect.poll(() => sheet.evaluate(coloursIn), { message: "colours on a sheet" }).toBeGreaterThan(20);
  await page.getByRole("button", { name: "Pause" }).click();
  await expectState(page, "paused");

  const shares = async (): Promise<number[]> => (await page.locator("#bars li span:last-child").allTextContents()).map(parseFloat);
  await page.getByLabel("Held-out digit by number").fill("12");
  await page.getByLabel("Held-out digit by number").press("Enter");
  await expect(page.locator("#guess")).toHaveText(/guess: \d, it is a \d/);
  await expect.poll(async () => (await shares()).reduce((a, b) => a + b, 0)).toBeGreaterThan(95);
  const before = await shares();

  await page.getByLabel("Drawing pad").press("Delete");
  await expect(page.locator("#guess")).toHaveText("nothing to guess yet");
  expect(await page.locator("#bars li span:last-child").allTextContents()).toEqual(new Array(10).fill("–"));
  await expect(page.locator("#bars li[data-best]")).toHaveCount(0);
  const box = (await page.getByLabel("Drawing pad").boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.8, { steps: 12 });
  await page.mouse.up();
  await expect(page.locator("#guess")).toHaveText(/^guess: \d$/);
  await expect.poll(shares).not.toEqual(before);

  await page.getByLabel("Drawing pad").press("ArrowRight");
  await expect(page.getByLabel("Held-out digit by number")).toHaveValue("1");
  await page.locator("#mistakes button").first().focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#guess")).toHaveText(/it is a \d/);
  await expect(page.locator("#graph svg")).toContainText("convolution");
  expect(problems).toEqual([]);
});

test("the network with batch normalisation trains as well, and nothing of the one before stays", async ({ page }) => {
  const problems = collectProblems(page);
  await page.goto("convnet/");
  await reachStep(page, 50);
  await expect(page.locator("#mistakes li:not([data-empty])")).not.toHaveCount(0);
  // The page itself watches: a fast machine has new mistakes between two looks.
  const emptied = page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const watcher = new MutationObserver(() => {
          if (document.querySelector("#mistakes li:not([data-empty])")) return;
          watcher.disconnect();
          resolve();
        });
        watcher.observe(document.getElementById("mistakes")!, { subtree: true, attributes: true });
      }),
  );
  await page.getByLabel("Network", { exact: true }).selectOption("bnnet");
  await emptied;
  await expect(page.locator("#layers h3")).toHaveText([
    "8 first filters, 3 × 3",
    "8 after convolution 1, 28 × 28",
    "16 after convolution 2, 14 × 14",
  ]);
  // Scale and shift of the first normalisation: no other network here has eight of anything.
  await expect(page.locator("#graph svg")).toContainText("[8]");
  await learnMoreThan(page, 80);
  expect(problems).toEqual([]);
});

test("a seed that is none is refused in words, and never shown beside another", async ({ page }) => {
  await page.goto("convnet/?seed=-5");
  const seed = page.getByLabel("Seed");
  const words = page.locator("#state");
  await expect(words).toContainText("A seed is a whole number from 0 to 4,294,967,295: it stays 42");
  await expect(seed).toHaveValue("42");
  await reachStep(page, 3);
  await seed.fill("7");
  await seed.press("Enter");
  await expect(words).not.toContainText("A seed is");
  for (const wrong of ["-5", "1.5", "", "4294967296", "1e3"]) {
    await seed.fill(wrong);
    await seed.press("Enter");
    await expect(words).toContainText("it stays 7");
    await expect(seed).toHaveValue("7");
    expect(page.url()).toContain("seed=7");
  }
});
