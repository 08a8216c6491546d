/** Installs the server into a virtual environment of its own, pinned to this extension's version. */

import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { ProgressLocation, window, type CancellationToken, type ExtensionContext, type LogOutputChannel } from "vscode";
import { chosenPython } from "./environments";
import { programName, searchPath } from "./server";

const run = promisify(execFile);
const TIMEOUT_MS = 10 * 60 * 1000;
const SCRIPTS = process.platform === "win32" ? "Scripts" : "bin";
const VERSION_AT_LEAST_3_11 = "import sys; sys.exit(sys.version_info < (3, 11))";

/** Where the console script of the managed environment is, or would be. */
export function managedServer(context: ExtensionContext): string {
  return path.join(environmentOf(context), SCRIPTS, programName("bridle"));
}

/**
 * Make the environment and install `bridle` of this very version with the person's own pip configuration.
 * Says whether it worked; a failed or cancelled attempt leaves nothing behind.
 */
export async function install(context: ExtensionContext, log: LogOutputChannel): Promise<boolean> {
  const wanted = `bridle==${versionOf(context)}`;
  const options = { location: ProgressLocation.Notification, title: `Installing ${wanted}`, cancellable: true };
  try {
    await window.withProgress(options, (_, token) => build(environmentOf(context), wanted, log, token));
    return true;
  } catch (problem) {
    await rm(environmentOf(context), { recursive: true, force: true });
    log.error(String(problem));
    void window.showErrorMessage(`${wanted} was not installed: ${lastLine(problem)} The log has the rest.`);
    return false;
  }
}

export function versionOf(context: ExtensionContext): string {
  return String((context.extension.packageJSON as { version: string }).version);
}

async function build(folder: string, wanted: string, log: LogOutputChannel, token: CancellationToken): Promise<void> {
  const abort = new AbortController();
  token.onCancellationRequested(() => abort.abort());
  const options = { env: childEnvironment(), signal: abort.signal, timeout: TIMEOUT_MS, maxBuffer: 1 << 24 };
  const python = await findPython(options.env);
  await run(python, ["-m", "venv", "--clear", folder], options);
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", wanted];
  const { stdout } = await run(path.join(folder, SCRIPTS, programName("python")), pip, options);
  log.info(stdout);
}

async function findPython(env: NodeJS.ProcessEnv): Promise<string> {
  const chosen = await chosenPython();
  const names = ["python3", "python"].map(programName);
  const onPath = searchPath(env).flatMap((folder) => names.map((name) => path.join(folder, name)));
  for (const python of chosen === undefined ? onPath : [chosen, ...onPath]) {
    const recent = run(python, ["-c", VERSION_AT_LEAST_3_11], { env, timeout: 10_000 });
    if (await recent.then(() => true, () => false)) return python;
  }
  throw new Error("No Python of version 3.11 or later is on PATH, and none is chosen for this folder.");
}

/** This process's environment without what would put other modules in the child's way. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const { PYTHONPATH: _, ...rest } = process.env;
  return rest;
}

function environmentOf(context: ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, `server-${versionOf(context)}`);
}

function lastLine(problem: unknown): string {
  const text = (problem as { stderr?: string }).stderr || String(problem);
  return text.trim().split("\n").at(-1) ?? "";
}
