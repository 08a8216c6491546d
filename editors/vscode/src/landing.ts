/** After an edit has landed in open documents: offers to save them. Saving stays the person's to do. */

import { CancellationTokenSource, window, workspace, type TextDocument } from "vscode";
import type { WorkspaceMiddleware } from "vscode-languageclient/node";

const QUIET_MS = 400;
const NEVER = new CancellationTokenSource().token;
const landed = new Set<TextDocument>();
let timer: NodeJS.Timeout | undefined;

/** Lets the edit through and gathers what it changed: one landing may come as several edits. */
export const offerSave: NonNullable<WorkspaceMiddleware["handleApplyEdit"]> = async (params, next) => {
  const before = new Map(workspace.textDocuments.map((document) => [document, document.version]));
  const result = await next(params, NEVER);
  for (const document of workspace.textDocuments) {
    if (document.isDirty && before.get(document) !== document.version) landed.add(document);
  }
  clearTimeout(timer);
  timer = setTimeout(() => void ask(), QUIET_MS);
  return result;
};

async function ask(): Promise<void> {
  const documents = [...landed].filter((document) => document.isDirty && !document.isClosed);
  landed.clear();
  if (documents.length === 0) return;
  const names = documents.map((document) => workspace.asRelativePath(document.uri)).join(", ");
  const choice = await window.showInformationMessage(`Bridle changed ${names}; not saved yet.`, "Save All");
  if (choice) await Promise.all(documents.map((document) => document.save()));
}
