/**
 * The plug-in's own commands. Their ids begin with `bridle.editor.`: the server's ids are registered by the
 * language client and would collide. Each only gathers an argument and hands it on.
 */

import { commands, window, type Disposable, type LogOutputChannel, type TextEditor, type Uri } from "vscode";
import type { Session } from "./client";
import type { Node, Sessions } from "./sessions";

/** Commands that the server can answer without knowing a place. */
const PLACELESS = [
  "verify", "accept", "reject", "refresh", "show", "preview", "endPreview", "undo", "trust", "status",
  "takeBackFinding", "unmute", "pauseIndexing", "resumeIndexing",
];

/** Commands about a run or a step of it: a node of the tree, else one that the server asks for. */
const ON_RUN = ["resume", "discard", "rollback", "fork", "cancel"];

/** Commands about a file: the one of the explorer's row, else the one in the editor. */
const ON_FILE = ["pinFile", "exclude", "clearContext", "whyNot"];

/** Commands about the finding at the cursor. */
const ON_FINDING = ["fix", "explain", "again", "revert", "acceptFinding", "mute"];

export function registerCommands(session: Session, sessions: Sessions, log: LogOutputChannel): Disposable[] {
  const register = (name: string, action: (node?: Node) => unknown): Disposable =>
    commands.registerCommand(`bridle.editor.${name}`, action);
  return [
    register("edit", () => edit(session)),
    register("run", () => run(session)),
    ...ON_FINDING.map((name) =>
      register(name, () => withPlace(session, (place) => session.execute(`bridle.${name}`, place)))),
    register("context", () => withPlace(session, (place) => session.execute("bridle.context", place))),
    register("pin", () => withPlace(session, (place) => session.execute("bridle.pin", place))),
    ...ON_FILE.map((name) =>
      commands.registerCommand(`bridle.editor.${name}`, (file?: Uri) => onFile(session, name, file))),
    ...PLACELESS.map((name) => register(name, () => session.execute(`bridle.${name}`, {}))),
    ...ON_RUN.map((name) => register(name, (node) => session.execute(`bridle.${name}`, node?.argument ?? {}))),
    register("review", () => review(session)),
    register("story", (node) => session.execute("bridle.story", { ...node?.argument, show: true })),
    register("refreshSessions", () => sessions.refresh()),
    register("checkLog", () => session.execute("bridle.log", {})),
    register("log", () => log.show()),
    register("restart", () => session.restart()),
    register("install", () => session.installServer()),
    register("setKey", () => session.askKey()),
  ];
}

async function edit(session: Session): Promise<unknown> {
  return withPlace(session, async (place) => {
    const argument = await session.ask(place);
    return argument && session.execute("bridle.edit", argument);
  });
}

interface Workflow {
  name: string;
  title: string;
  needs: "instruction" | "finding" | "either" | "nothing";
}

/** Pick a workflow, say what is wanted where it needs words, and run it on what is selected. */
async function run(session: Session): Promise<unknown> {
  const found = (await session.execute("bridle.workflows", {})) as { workflows: Workflow[] } | undefined;
  const items = (found?.workflows ?? []).map((one) => ({ label: one.name, description: one.title, needs: one.needs }));
  const picked = items.length ? await window.showQuickPick(items, { title: "Bridle: Run a Workflow" }) : undefined;
  if (!picked) return undefined;
  const prompt = picked.needs === "nothing" ? "Anything to add? It may be left empty." : "What is wanted?";
  const instruction = await window.showInputBox({ title: `Bridle: ${picked.description}`, prompt });
  if (instruction === undefined || (picked.needs === "instruction" && !instruction.trim())) return undefined;
  const argument = { workflow: picked.label, instruction };
  const editor = window.activeTextEditor;
  const whole = !editor || (picked.label === "review" && editor.selection.isEmpty);
  return whole
    ? session.execute("bridle.run", argument)
    : withPlace(session, (place) => session.execute("bridle.run", { ...place, ...argument }));
}

interface Hunk {
  proposal: string;
  path: string;
  hunks: string[];
  title: string;
  badge: string;
  start: number;
  text: string;
  broken: boolean;
}

/** All parts of the newest proposal in one list: those that are ticked are taken, the rest stays on offer. */
async function review(session: Session): Promise<unknown> {
  const found = (await session.execute("bridle.hunks", {})) as { hunks: Hunk[] } | undefined;
  const groups = new Map((found?.hunks ?? []).map((hunk) => [hunk.hunks.join(), hunk]));
  const items = [...groups.values()].map((hunk) => ({
    label: hunk.title,
    description: `${hunk.path}:${hunk.start + 1}${hunk.broken ? ", needs refresh" : ""}`,
    detail: hunk.text.trim().split("\n")[0] || "(taken out)",
    picked: !hunk.broken,
    hunk,
  }));
  const [first] = items;
  if (!first) return undefined;
  const options = { title: "Bridle: Take Parts of the Proposal", placeHolder: first.hunk.badge } as const;
  const taken = await window.showQuickPick(items, { ...options, canPickMany: true, matchOnDescription: true });
  if (!taken?.length) return undefined;
  const hunks = taken.flatMap((item) => item.hunk.hunks);
  return session.execute("bridle.accept", { proposal: first.hunk.proposal, hunks });
}

function onFile(session: Session, name: string, file: Uri | undefined): unknown {
  const uri = file ?? window.activeTextEditor?.document.uri;
  const command = name === "pinFile" ? "bridle.pin" : `bridle.${name}`;
  return uri && session.execute(command, { uri: session.uriOf(uri) });
}

function withPlace(session: Session, action: (place: object) => unknown): unknown {
  const editor = window.activeTextEditor;
  return editor && action({ uri: session.uriOf(editor.document.uri), range: rangeOf(editor) });
}

function rangeOf({ selection: { start, end } }: TextEditor): object {
  const position = ({ line, character }: { line: number; character: number }): object => ({ line, character });
  return { start: position(start), end: position(end) };
}
