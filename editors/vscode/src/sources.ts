/** Tells the server which other tools show diagnostics here, so that it doubles none of theirs. */

import { languages, type Disposable } from "vscode";
import type { Session } from "./client";

const QUIET_MS = 300;

export function reportSources(session: Session): Disposable {
  let told = "";
  let timer: NodeJS.Timeout | undefined;
  const tell = async (): Promise<void> => {
    const sources = otherSources();
    if (!session.running || JSON.stringify(sources) === told) return;
    told = JSON.stringify(sources);
    await session.execute("bridle.seen", { sources });
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void tell(), QUIET_MS);
  };
  const subscriptions = [
    languages.onDidChangeDiagnostics(soon),
    session.onStarted(() => {
      told = "";
      soon();
    }),
  ];
  return { dispose: () => [clearTimeout(timer), subscriptions.forEach((each) => each.dispose())] };
}

/** Sorted, each once, without our own. */
function otherSources(): string[] {
  const all = languages.getDiagnostics().flatMap(([, diagnostics]) => diagnostics.map((each) => each.source ?? ""));
  return [...new Set(all)].filter((source) => source !== "" && !source.startsWith("bridle")).sort();
}
