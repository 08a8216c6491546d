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

/** Takes the offer. */
export async function installsTheServer(page) {
  await page.locator(".notification-toast").getByRole("button", { name: "Install" }).click();
}

/** Waits for a message and leaves all that are shown in a signal. */
async function reads(page, plan, words, signal) {
  const messages = page.locator(".notification-list-item-message");
  await messages.filter({ hasText: words }).waitFor();
  writeFileSync(path.join(plan.folder, `${signal}.signal`), (await messages.allTextContents()).join("\n"));
}
