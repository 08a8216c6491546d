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
  const message = page.locator(".notification-list-item-message", { hasText: "keeps dying" });
  await message.waitFor();
  const all = await page.locator(".notification-list-item-message").allTextContents();
  writeFileSync(path.join(plan.folder, "given up.signal"), all.join("\n"));
}
