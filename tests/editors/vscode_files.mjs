// How the person and the probe wait for each other: by files in the scene's folder.

import { existsSync } from "node:fs";

const LOOK_MS = 50;

export async function waitForFile(file, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  while (!existsSync(file)) {
    if (Date.now() > deadline) throw new Error(`no ${file} within ${timeoutMs} ms`);
    await new Promise((go) => setTimeout(go, LOOK_MS));
  }
}
