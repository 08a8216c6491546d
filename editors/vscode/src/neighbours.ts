/**
 * Tells the server in which languages another extension already leads to definitions, so that it doubles none of them.
 * VS Code does not say who provides what: known are the extensions below, by what they say that they serve.
 */

import { extensions, workspace, type Disposable } from "vscode";
import type { Session } from "./client";

const SCRIPTS = ["javascript", "javascriptreact", "typescript", "typescriptreact"];
const C = ["c", "cpp"];

/** Extensions that provide definitions, or of data the outline, with their languages. */
const PROVIDING: Readonly<Record<string, readonly string[]>> = {
  "ms-python.vscode-pylance": ["python"],
  "ms-pyright.pyright": ["python"],
  "detachhead.basedpyright": ["python"],
  "astral-sh.ty": ["python"],
  "meta.pyrefly": ["python"],
  "vscode.typescript-language-features": SCRIPTS,
  "typescriptteam.native-preview": SCRIPTS,
  "denoland.vscode-deno": SCRIPTS,
  "golang.go": ["go"],
  "rust-lang.rust-analyzer": ["rust"],
  "redhat.java": ["java"],
  "oracle.oracle-java": ["java"],
  "fwcd.kotlin": ["kotlin"],
  "jetbrains.kotlin": ["kotlin"],
  "ms-dotnettools.csharp": ["csharp"],
  "ms-vscode.cpptools": C,
  "llvm-vs-code-extensions.vscode-clangd": C,
  "ccls-project.ccls": C,
  "bmewburn.vscode-intelephense-client": ["php"],
  "devsense.phptools-vscode": ["php"],
  "shopify.ruby-lsp": ["ruby"],
  "castwide.solargraph": ["ruby"],
  "mads-hartmann.bash-ide-vscode": ["shellscript"],
  "vscode.markdown-language-features": ["markdown"],
  "vscode.json-language-features": ["json", "jsonc"],
  "redhat.vscode-yaml": ["yaml"],
  "tamasfe.even-better-toml": ["toml"],
};

/** Settings by which a person turns the server of an extension off, with the value that does. */
const SWITCHED: Readonly<Record<string, readonly [setting: string, off: unknown]>> = {
  "golang.go": ["go.useLanguageServer", false],
  "ms-vscode.cpptools": ["C_Cpp.intelliSenseEngine", "disabled"],
};

export function reportNeighbours(session: Session): Disposable {
  let told = "";
  const tell = (): void => {
    const languages = neighbours();
    if (!session.running || JSON.stringify(languages) === told) return;
    told = JSON.stringify(languages);
    session.notify("bridle/neighbours", { languages });
  };
  const subscriptions = [
    extensions.onDidChange(tell),
    workspace.onDidChangeConfiguration(tell),
    session.onStarted(() => {
      told = "";
      tell();
    }),
  ];
  return { dispose: () => subscriptions.forEach((each) => each.dispose()) };
}

/** The extensions that are there, by language, each list sorted. */
function neighbours(): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  const add = (language: string, id: string): void => void (found[language] ??= []).push(id);
  for (const [id, languages] of Object.entries(PROVIDING).sort()) {
    const [setting, off] = SWITCHED[id] ?? [];
    const isOff = setting !== undefined && workspace.getConfiguration().get(setting) === off;
    if (extensions.getExtension(id) && !isOff) languages.forEach((language) => add(language, id));
  }
  // The extension of Python itself brings Jedi's server where no other one was chosen.
  const chosen = workspace.getConfiguration("python").get("languageServer");
  if (extensions.getExtension("ms-python.python") && chosen !== "None") add("python", "ms-python.python");
  return found;
}
