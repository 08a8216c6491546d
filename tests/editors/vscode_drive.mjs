// Runs one real VS Code (code-server) with one real browser page on it, from a plan, and ends both.
//
//   node vscode_drive.mjs PLAN.json
//
// The plan names the tools, the workspace, the extensions and the result file to wait for; `page` optionally names
// a function of vscode_page.mjs that acts as the person before the window.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { waitForFile } from "./vscode_files.mjs";
import * as persons from "./vscode_page.mjs";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(`${plan.tools}/`)("playwright-core");
const SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Light Modern",
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": "off",
  "extensions.ignoreRecommendations": true,
  "update.mode": "none",
  "git.enabled": false,
  "files.autoSave": "off",
  "chat.disableAIFeatures": true,
  "security.workspace.trust.startupPrompt": "always",
};
const BROWSER_FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

const server = await startServer();
const browser = await chromium.launch({ executablePath: plan.chromium, args: BROWSER_FLAGS });
let page;
let failure = null;
try {
  page = await browser.newPage({ viewport: { width: 1180, height: 680 }, deviceScaleFactor: plan.scale ?? 1 });
  page.setDefaultTimeout(plan.timeout_ms); // a person waits as long as the scenario does
  const opened = plan.workspace.endsWith(".code-workspace") ? "workspace" : "folder";
  await page.goto(`${server.url}/?${opened}=${encodeURIComponent(plan.workspace)}`);
  await page.waitForSelector(".monaco-workbench");
  if (plan.page) await persons[plan.page](page, plan);
  await waitForFile(plan.result, plan.timeout_ms);
} catch (error) {
  failure = error;
  await page?.screenshot({ path: path.join(plan.folder, "failure.png") }).catch(() => undefined);
} finally {
  await browser.close().catch(() => undefined);
  process.kill(-server.process.pid, "SIGKILL");
}
if (failure) {
  console.error(failure.stack);
  process.exitCode = 1;
}

async function startServer() {
  const home = path.join(plan.folder, "vscode");
  const extensions = path.join(home, "extensions");
  mkdirSync(path.join(home, "data", "User"), { recursive: true });
  writeFileSync(path.join(home, "data", "User", "settings.json"), JSON.stringify({ ...SETTINGS, ...plan.settings }));
  for (const [name, folder] of Object.entries(plan.extensions)) {
    cpSync(folder, path.join(extensions, name), { recursive: true });
  }
  writeFileSync(path.join(home, "config.yaml"), "");
  const argv = [
    path.join(plan.tools, "node_modules/code-server/out/node/entry.js"), "--bind-addr", "127.0.0.1:0", "--auth", "none",
    "--config", path.join(home, "config.yaml"), "--user-data-dir", path.join(home, "data"),
    "--extensions-dir", extensions, "--disable-telemetry", "--disable-update-check",
    ...(plan.trust ? [] : ["--disable-workspace-trust"]), plan.workspace,
  ];
  const child = spawn(process.execPath, argv, { env: plan.environment, cwd: plan.folder, detached: true });
  let output = "";
  const listening = new Promise((found, lost) => {
    const read = (chunk) => {
      output += chunk;
      const url = /listening on (http:\/\/\S+?)\/?\s/.exec(output)?.[1];
      if (url) found(url);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void once(child, "exit").then(() => lost(new Error(`code-server ended:\n${output}`)));
  });
  return { process: child, url: await listening };
}
