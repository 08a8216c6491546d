/** The one language status item, made once and fed by the server's `bridle/status`. */

import { languages, LanguageStatusSeverity, type Disposable, type DocumentSelector } from "vscode";

/** Languages whose checks, or whose configuration of checks, the server knows; package.json names the same. */
export const LANGUAGES = [
  "python", "javascript", "javascriptreact", "typescript", "typescriptreact", "go", "rust", "java", "kotlin", "csharp",
  "c", "cpp", "ruby", "php", "shellscript", "toml", "json", "jsonc", "yaml", "markdown",
];
export const DOCUMENTS = LANGUAGES.map((language) => ({ scheme: "file", language })) satisfies DocumentSelector;

/** What the server notifies with `bridle/status`. Unknown states read as "ready". */
export interface ServerStatus {
  readonly text: string;
  readonly state: string;
  readonly detail?: string | undefined;
}

export class Status implements Disposable {
  private readonly item = languages.createLanguageStatusItem("bridle", DOCUMENTS);

  constructor() {
    this.item.name = "Bridle";
    this.item.command = { command: "bridle.editor.log", title: "Log" };
  }

  show({ text, state, detail }: ServerStatus): void {
    this.item.text = `Bridle: ${text}`;
    this.item.detail = detail ?? "";
    this.item.busy = state === "busy";
    this.item.severity = severityOf(state);
  }

  dispose(): void {
    this.item.dispose();
  }
}

function severityOf(state: string): LanguageStatusSeverity {
  if (state === "error") return LanguageStatusSeverity.Error;
  return state === "warning" ? LanguageStatusSeverity.Warning : LanguageStatusSeverity.Information;
}
