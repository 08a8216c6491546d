// The person before the window: what cannot be done from inside the extension host.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { waitForFile } from "./vscode_files.mjs";

/** Trusts the workspace once the probe has seen enough of Restricted Mode. */
export async function trustTheWorkspace(page, plan) {
  await waitForFile(path.join(plan.folder, "restricted.signal"), plan.timeout_ms);
  await page.getByRole("button", { name: "Yes, I trust the authors" }).click();
}

/** Reads what is shown of a server that dies at once, and tells the probe. */
export async function readsThatItIsGivenUp(page, plan) {
  await reads(page, plan, "keeps dying", "given up");
}

/** Reads that the setting is wrong. */
export async function readsOfTheWrongPath(page, plan) {
  await reads(page, plan, "setting bridle.path names '/nonexistent/bridle'", "wrong path");
}

/** Reads that a landing was refused. */
export async function readsThatNothingWasChanged(page, plan) {
  await reads(page, plan, "nothing was changed", "refused");
}

/** Agrees that a file is taken too, though the run was not started on it. */
export async function takesTheSecondFileToo(page) {
  await answer(page, "Take it too");
}

/** The same, and reads that the landing was refused. */
export async function takesTheSecondFileAndReadsThatNothingWasChanged(page, plan) {
  await takesTheSecondFileToo(page);
  await readsThatNothingWasChanged(page, plan);
}

/** Takes the offer. */
export async function installsTheServer(page) {
  await page.locator(".notification-toast").getByRole("button", { name: "Install" }).click();
}

/** Does not trust the folder when a command asks for it. */
export async function refusesToTrust(page, plan) {
  await answer(page, "Not now");
  signal(plan, "refused");
}

/** Answers the question for an instruction. */
export async function asksToLoosenTheTest(page) {
  const box = page.locator(".quick-input-widget", { hasText: "Bridle: Edit" });
  await box.waitFor();
  await page.keyboard.type("loosen the test");
  await box.locator(".monaco-list-row.focused", { hasText: "loosen the test" }).waitFor();
  await page.keyboard.press("Enter");
}

/** The same, then picks a workflow that needs no words. */
export async function asksToLoosenTheTestAndForAnExplanation(page) {
  await asksToLoosenTheTest(page);
  await page.locator(".quick-input-widget", { hasText: "Bridle: Run a Workflow" }).waitFor();
  await page.keyboard.type("explain");
  await page.keyboard.press("Enter");
  await page.locator(".quick-input-widget", { hasText: "Bridle: Explain code" }).waitFor();
  await page.keyboard.press("Enter");
}

/** Takes all parts of a proposal that are listed, and saves what landed. */
export async function takesThePartsAndSavesWhatLanded(page) {
  const list = page.locator(".quick-input-widget", { hasText: "Bridle: Take Parts of the Proposal" });
  await list.locator(".monaco-list-row", { hasText: "hunk 1 of 1" }).waitFor();
  await page.keyboard.press("Enter");
  await savesWhatLanded(page);
}

/** Saves what landed when asked. */
export async function savesWhatLanded(page) {
  await page.locator(".notification-toast", { hasText: "not saved yet" }).getByText("Save All").click();
}

/** Looks at the runs once one has landed, opens it, and goes back to its first step. */
export async function takesTheRunBackInTheTree(page, plan) {
  await waitForFile(path.join(plan.folder, "landed.signal"), plan.timeout_ms);
  await command(page, "Explorer: Focus on Bridle Sessions View");
  const rows = page.locator(".pane", { hasText: "Bridle Sessions" }).locator(".monaco-list-row");
  await rows.filter({ hasText: "succeeded" }).first().waitFor();
  signal(plan, "sessions", (await rows.allTextContents()).join("\n"));
  await rows.first().click();
  await rows.nth(1).waitFor();
  await page.keyboard.press("End");
  const first = rows.filter({ hasText: /1$/ }).last();
  await first.hover();
  await photograph(page, plan, "sessions");
  signal(plan, "steps", (await rows.allTextContents()).join("\n"));
  await first.getByRole("button", { name: "Take a Run Back" }).click();
  await rows.filter({ hasText: "interrupted" }).first().waitFor();
  signal(plan, "taken back");
}

/** Discards the preview of a proposal, takes one part of it, and then all that is left. */
export async function choosesInThePreview(page, plan) {
  const panel = page.locator(".bulk-edit-panel");
  const rows = panel.locator(".monaco-list-row");
  const part = (file) => rows.filter({ hasText: file }).locator(".edit-checkbox");
  const press = (name) => panel.locator(".monaco-button", { hasText: name }).click();
  await part("money.py").waitFor();
  await press("Discard");
  await message(page, "nothing of it was taken").waitFor();
  await looksAtTheStatus(page, plan);
  signal(plan, "discarded");
  await part("money.py").waitFor();
  await part("money.py").click();
  await photograph(page, plan, "preview");
  await press("Apply");
  await message(page, "hunk 2 of 2 taken, not verified as chosen").waitFor();
  await message(page, /verified: .*\(hunk 2 of 2\)/).waitFor();
  signal(plan, "proved");
  await part("cart.py").waitFor();
  await part("cart.py").click();
  await press("Apply");
}

/** Reads of the server's version, says the same thing twice, the second time by taking it from the list, and gives a key. */
export async function readsOfTheOtherVersionAndGivesAKey(page, plan) {
  await reads(page, plan, "is of version 0.1.0, this extension of 0.2.0", "other version");
  await waitForFile(path.join(plan.folder, "asks.signal"), plan.timeout_ms);
  const box = page.locator(".quick-input-widget", { hasText: "Bridle: Edit" });
  await box.waitFor();
  await page.keyboard.type("say hello");
  await box.locator(".monaco-list-row.focused", { hasText: "say hello" }).waitFor();
  await page.keyboard.press("Enter");
  await waitForFile(path.join(plan.folder, "said.signal"), plan.timeout_ms);
  await box.waitFor();
  await box.locator(".monaco-list-row", { hasText: "say hello" }).waitFor();
  await page.keyboard.press("Escape");
  signal(plan, "said before");
  await page.locator(".quick-input-widget", { hasText: "Bridle: Key of the Model" }).waitFor();
  await page.keyboard.type("key-of-a-test");
  await page.keyboard.press("Enter");
}

/** Looks at the items of the language's status, and leaves what they say and how far their commands reach.
 *
 * A run may still be at its end, or another at work: it looks again until the proposal is what there is to tell.
 */
async function looksAtTheStatus(page, plan) {
  const items = page.locator(".hover-language-status", { hasText: "Bridle: " });
  const looksAway = async () => {
    await page.mouse.move(0, 0);
    await items.first().waitFor({ state: "detached" });
  };
  const until = Date.now() + 10_000;
  for (;;) {
    await page.locator("#status\\.languageStatus").hover();
    await items.filter({ hasText: "tokens" }).waitFor();
    if ((await items.filter({ hasText: "1 proposal" }).count()) > 0 || Date.now() > until) break;
    await looksAway();
  }
  await photograph(page, plan, "status");
  const links = await items.locator("a", { hasText: /^(Log|Runs)$/ }).all();
  const ends = await Promise.all(links.map(async (link) => link.boundingBox().then(({ x, width }) => x + width)));
  const text = (await items.allTextContents()).join("\n");
  signal(plan, "status", JSON.stringify({ text, ends, width: page.viewportSize().width }));
  await looksAway();
}

/** Waits for a message and leaves all that are shown in a signal. */
async function reads(page, plan, words, name) {
  await message(page, words).waitFor();
  const messages = page.locator(".notification-list-item-message");
  signal(plan, name, (await messages.allTextContents()).join("\n"));
}

function signal(plan, name, text = "") {
  writeFileSync(path.join(plan.folder, `${name}.signal`), text);
}

/** Works from the failing test to the landed fix, with a picture of each stage. */
export async function photographsAFix(page, plan) {
  const { scene } = plan;
  await opensAndTrusts(page, scene);
  await page.keyboard.press("Control+K");
  await page.keyboard.press("Control+I");
  await page.locator(".monaco-hover", { hasText: "bridle·pytest" }).waitFor();
  await photograph(page, plan, "finding");
  await page.keyboard.press("Escape");
  await choose(page, "fix and verify");
  await message(page, "verified:").waitFor();
  await open(page, scene.source_file);
  await goTo(page, scene.wrong_line);
  await page.locator(".squiggly-info").first().waitFor();
  await lens(page, "accept, verified").waitFor();
  await photograph(page, plan, "proposal");
  await looksAtTheStatus(page, plan);
  await answer(page, "Show");
  await page.locator(".tab.active", { hasText: ".diff" }).waitFor();
  await photograph(page, plan, "diff");
  await open(page, scene.source_file);
  await command(page, "Bridle: Accept Proposal");
  await page.locator(".view-line", { hasText: scene.right.trim() }).waitFor();
  await message(page, "Bridle changed").waitFor();
  await photograph(page, plan, "landed");
  await command(page, "Notifications: Clear All Notifications");
  await command(page, "Explorer: Focus on Bridle Sessions View");
  const runs = page.locator(".pane", { hasText: "Bridle Sessions" }).locator(".monaco-list-row");
  await runs.first().click();
  await runs.nth(1).waitFor();
  await photograph(page, plan, "sessions");
  writeFileSync(plan.result, JSON.stringify({ ok: true }));
}

/** Asks for what must be refused, and takes a picture of the refusal. */
export async function photographsARefusal(page, plan) {
  await opensAndTrusts(page, plan.scene);
  await choose(page, "edit line");
  await asksToLoosenTheTest(page);
  await message(page, "refused").waitFor();
  await lens(page, "accept anyway, refused").waitFor();
  await photograph(page, plan, "refusal");
  writeFileSync(plan.result, JSON.stringify({ ok: true }));
}

/** Looks at a proposal of two files in the refactor preview, one of them ticked. */
export async function photographsAPreview(page, plan) {
  const { scene } = plan;
  await opensAndTrusts(page, scene);
  await choose(page, "fix and verify");
  await message(page, "verified:").waitFor();
  await open(page, scene.source_file);
  await command(page, "Notifications: Clear All Notifications");
  await command(page, "Bridle: Review Proposal in the Refactor Preview");
  const row = page.locator(".bulk-edit-panel .monaco-list-row", { hasText: path.basename(scene.source_file) });
  await row.locator(".edit-checkbox").click();
  await page.mouse.move(0, 0);
  await photograph(page, plan, "preview");
  writeFileSync(plan.result, JSON.stringify({ ok: true }));
}

/** Up to the finding under the cursor, with nothing else on the screen. */
async function opensAndTrusts(page, scene) {
  await open(page, scene.source_file);
  await open(page, scene.test_file);
  await command(page, "Bridle: Trust This Folder");
  await answer(page, "Trust this folder");
  await message(page, "1 finding").waitFor();
  await command(page, "Notifications: Clear All Notifications");
  await page.mouse.move(0, 0);
  await goTo(page, scene.finding_line);
  await page.locator(".squiggly-error").first().waitFor();
}

function message(page, words) {
  return page.locator(".notification-list-item-message", { hasText: words });
}

function lens(page, words) {
  return page.locator(".codelens-decoration", { hasText: words });
}

async function open(page, file) {
  await page.keyboard.press("Control+P");
  await page.keyboard.type(file);
  const rows = page.locator(".quick-input-list .monaco-list-row");
  await rows.first().waitFor();
  const names = await rows.locator(".label-name").allTextContents();
  await takeRow(page, names.indexOf(path.basename(file)));
  await page.locator(`.tab.active[data-resource-name="${path.basename(file)}"]`).waitFor();
}

async function command(page, title) {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input").waitFor();
  await page.keyboard.type(title);
  await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: title }).waitFor();
  await page.keyboard.press("Enter");
}

/** Moves the cursor to a 0-based line. */
async function goTo(page, line) {
  await page.keyboard.press("Control+1");
  await page.keyboard.press("Control+G");
  await page.keyboard.type(`${line + 1}`);
  await page.keyboard.press("Enter");
}

async function answer(page, choice) {
  await page.locator(".notification-toast").getByRole("button", { name: choice, exact: true }).click();
}

/** Opens the code actions at the cursor and takes the one whose title has the words, by keys: clicks are eaten. */
async function choose(page, words) {
  const rows = page.locator(".action-widget .monaco-list-row.action");
  await page.keyboard.press("Control+.");
  await rows.filter({ hasText: words }).first().waitFor();
  const titles = await rows.allTextContents();
  await takeRow(page, titles.findIndex((title) => title.includes(words)));
}

/** Takes a row of a list whose first row has the focus. */
async function takeRow(page, row) {
  for (let down = 0; down < row; down += 1) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
}

async function photograph(page, plan, name) {
  await page.screenshot({ path: path.join(plan.folder, `${name}.png`), animations: "disabled" });
}
