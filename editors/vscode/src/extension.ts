/** Puts the parts together. All policy is the server's. */

import { window, workspace, type ExtensionContext } from "vscode";
import { Session } from "./client";
import { registerCommands } from "./commands";
import { reportNeighbours } from "./neighbours";
import { Sessions } from "./sessions";
import { reportSources } from "./sources";
import { Status } from "./status";

let session: Session | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("Bridle", { log: true });
  const status = new Status();
  session = new Session(context, log, status);
  const sessions = new Sessions(session);
  context.subscriptions.push(log, status, sessions, session, ...registerCommands(session, sessions, log));
  context.subscriptions.push(reportSources(session), reportNeighbours(session));
  context.subscriptions.push(
    workspace.onDidGrantWorkspaceTrust(() => session?.restart()),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("bridle.path")) void session?.restart();
    }),
  );
  await session.restart();
}

export function deactivate(): Promise<void> | undefined {
  return session?.close();
}
