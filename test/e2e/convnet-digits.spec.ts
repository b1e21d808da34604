// The digits come slowly, in part, or not at all.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { expect, test } from "playwright/test";
import { collectProblems, expectState, reachStep, restart, savedLosses, stepOf } from "./visit.ts";

const IMAGES = "train-images-idx3-ubyte.gz";
/** Of the file: more than the first thousand digits, less than two thousand. */
const FIRST_BYTES = 250_000;
/** As many steps of 64 as the first thousand digits and a part of the second take. */
const COMPARED = 25;

const file = new URL(`../../demo/public/mnist/${IMAGES}`, import.meta.url);

/** A server that sends the beginning of the images and keeps the connection open. */
class SlowServer {
  readonly #server: Server = createServer((_, response) => void this.#begin(response));
  #open: ServerResponse[] = [];

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${IMAGES}`;
  }

  async #begin(response: ServerResponse): Promise<void> {
    const bytes = await readFile(file);
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes.length });
    response.write(bytes.subarray(0, FIRST_BYTES));
    this.#open.push(response);
  }

  async sendRest(): Promise<void> {
    const bytes = await readFile(file);
    for (const response of this.#open.splice(0)) response.end(bytes.subarray(FIRST_BYTES));
  }

  breakOff(): void {
    for (const response of this.#open.splice(0)) response.destroy();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let slow: SlowServer;
test.beforeEach(async ({ page }) => {
  slow = new SlowServer();
  const url = await slow.listen();
  await page.route(`**/${IMAGES}`, (route) => route.continue({ url }), { times: 1 });
});
test.afterEach(() => slow.close());

test("a first part is enough to begin; the curve is the one that all digits give", async ({ page }) => {
  const problems = collectProblems(page);
  await page.goto("convnet/");
  await reachStep(page, 8);
  const bar = page.getByLabel("Digits loaded");
  await expect(bar).toBeVisible();
  expect(await bar.evaluate((element: HTMLProgressElement) => element.value / element.max)).toBeLessThan(0.5);
  // It waits where the digits end, and can be paused there.
  await expect.poll(() => stepOf(page)).toBeGreaterThanOrEqual(15);
  await page.getByRole("button", { name: "Pause" }).click();
  await expectState(page, "paused");
  expect(await stepOf(page)).toBeLessThan(COMPARED);
  await page.getByRole("button", { name: "Resume" }).click();
  await slow.sendRest();
  await expect(bar).toBeHidden();
  await reachStep(page, COMPARED);
  await page.getByRole("button", { name: "Pause" }).click();
  await expectState(page, "paused");
  const losses = await savedLosses(page);
  await restart(page);
  await reachStep(page, COMPARED);
  expect((await savedLosses(page)).slice(0, COMPARED)).toEqual(losses.slice(0, COMPARED));
  expect(problems).toEqual([]);
});

test("a download that breaks off while it trains is told as such, and begun anew", async ({ page }) => {
  const uncaught: string[] = [];
  page.on("pageerror", (error) => uncaught.push(error.message));
  await page.goto("convnet/");
  await reachStep(page, 3);
  slow.breakOff();
  await expectState(page, "failed");
  await expect(page.getByRole("alert")).toContainText("The digits could not be loaded");
  await expect(page.getByRole("alert")).toContainText(`${IMAGES}: could not be read to its end`);
  await page.getByRole("button", { name: "Restart" }).click();
  await expectState(page, "running");
  await reachStep(page, COMPARED);
  await expect(page.getByRole("alert")).toBeHidden();
  await expect(page.getByLabel("Digits loaded")).toBeHidden();
  expect(uncaught).toEqual([]);
});

for (const [what, name] of [
  ["images", IMAGES],
  ["labels", "t10k-labels-idx1-ubyte.gz"],
] as const)
  test(`${what} that cannot be fetched are told as such, and nothing is uncaught`, async ({ page }) => {
    const uncaught: string[] = [];
    page.on("pageerror", (error) => uncaught.push(error.message));
    await page.route(`**/${name}`, (route) => route.abort(), { times: 1 });
    await page.goto("convnet/");
    await expectState(page, "failed");
    await expect(page.getByRole("alert")).toContainText("The digits could not be loaded");
    await expect(page.getByRole("alert")).toContainText(name);
    await expect(page.getByRole("alert")).not.toContainText("went away");
    await page.unroute(`**/${IMAGES}`);
    await page.getByRole("button", { name: "Restart" }).click();
    await expectState(page, "running");
    // The digit that the pad began with is there now.
    await expect(page.locator("#guess")).toHaveText(/it is a \d/);
    expect(uncaught).toEqual([]);
  });
