/** The language status items, state and cost, made once each and fed by the server's `bridle/status`. */

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
  /** What runs came to since the server started. */
  readonly spent?: { readonly tokens: number; readonly cost_usd_micros: number | null } | undefined;
}

/** How much of a detail there is room for: what is longer pushes the item's command out of the window. */
const MAX_DETAIL = 40;

export class Status implements Disposable {
  private readonly item = languages.createLanguageStatusItem("bridle", DOCUMENTS);
  private readonly cost = languages.createLanguageStatusItem("bridle.cost", DOCUMENTS);

  constructor() {
    this.item.name = "Bridle";
    this.item.command = { command: "bridle.editor.log", title: "Log" };
    this.cost.name = "Bridle's cost";
    this.cost.command = { command: "bridle.sessions.focus", title: "Runs" };
  }

  show({ text, state, detail, spent }: ServerStatus): void {
    const { tokens = 0, cost_usd_micros: micros = 0 } = spent ?? {};
    this.cost.text = micros ? `Bridle: $${(micros / 1_000_000).toFixed(2)}` : `Bridle: ${tokens.toLocaleString("en")} tokens`;
    this.cost.detail = "by runs since the server started";
    this.item.text = `Bridle: ${text}`;
    this.item.detail = cut(detail ?? "");
    this.item.busy = state === "busy";
    this.item.severity = severityOf(state);
  }

  dispose(): void {
    this.item.dispose();
    this.cost.dispose();
  }
}

function cut(detail: string): string {
  return detail.length <= MAX_DETAIL ? detail : `${detail.slice(0, MAX_DETAIL - 1).trimEnd()}…`;
}

function severityOf(state: string): LanguageStatusSeverity {
  if (state === "error") return LanguageStatusSeverity.Error;
  return state === "warning" ? LanguageStatusSeverity.Warning : LanguageStatusSeverity.Information;
}
