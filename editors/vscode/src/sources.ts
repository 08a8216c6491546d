/** Tells the server which other tools show diagnostics here, so that it doubles none of theirs. */

import { extensions, languages, type Disposable } from "vscode";
import type { Session } from "./client";

const QUIET_MS = 300;

/**
 * Extensions that show findings as soon as they have some, by the source that those carry. Not Pylance: by default it
 * checks no types, so only what it shows tells.
 */
const SHOWING: Readonly<Record<string, string>> = {
  "charliermarsh.ruff": "Ruff",
  "ms-python.flake8": "Flake8",
  "ms-python.pylint": "Pylint",
  "ms-python.mypy-type-checker": "Mypy",
  "ms-pyright.pyright": "Pyright",
  "detachhead.basedpyright": "basedpyright",
};

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
    extensions.onDidChange(soon),
    session.onStarted(() => {
      told = "";
      soon();
    }),
  ];
  return { dispose: () => [clearTimeout(timer), subscriptions.forEach((each) => each.dispose())] };
}

/** Sorted, each once, without our own: what is shown, and what an active extension is about to show. */
function otherSources(): string[] {
  const shown = languages.getDiagnostics().flatMap(([, diagnostics]) => diagnostics.map((each) => each.source ?? ""));
  const active = Object.keys(SHOWING).filter((id) => extensions.getExtension(id)?.isActive);
  const all = [...shown, ...active.map((id) => SHOWING[id] ?? "")];
  return [...new Set(all)].filter((source) => source !== "" && !source.startsWith("bridle")).sort();
}
