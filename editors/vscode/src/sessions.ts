/** The tree of runs: each with its state, age and cost, its steps below it. Asks only while somebody looks at it. */

import {
  EventEmitter, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, window, workspace,
  type Disposable, type TreeDataProvider,
} from "vscode";
import type { Session } from "./client";

const SECOND_MS = 1000;
const ICONS: Readonly<Record<string, readonly [icon: string, color?: string]>> = {
  succeeded: ["pass", "testing.iconPassed"],
  "under way": ["sync"],
  interrupted: ["debug-pause", "list.warningForeground"],
  cancelled: ["circle-slash"],
  failed: ["error", "testing.iconFailed"],
};

/** A run as `bridle.sessions` tells it. */
interface Run {
  readonly id: string;
  readonly workflow: string;
  readonly instruction: string;
  /** What it is about in one line. */
  readonly title: string;
  readonly state: string;
  readonly started: number;
  readonly resumable: boolean;
  readonly live: boolean;
  readonly tokens: number;
  readonly cost_usd_micros: number | null;
}

interface Told {
  readonly folder: string;
  readonly sessions: readonly Run[];
}

/** A step as `bridle.story` tells it. */
interface Step {
  readonly seq: number;
  readonly time: number;
  readonly text: string;
  readonly stands: boolean;
}

/** What a node stands for, as an argument of the server's commands. */
export interface Node {
  readonly kind: "folder" | "run" | "step";
  readonly argument: { readonly uri?: string; readonly run?: string; readonly to?: number };
  readonly item: TreeItem;
}

export class Sessions implements TreeDataProvider<Node>, Disposable {
  private readonly changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event; // before the view, which reads it when it is made
  private readonly view = window.createTreeView("bridle.sessions", { treeDataProvider: this, showCollapseAll: true });
  private readonly subscriptions: Disposable[];
  private stale = false;

  constructor(private readonly session: Session) {
    this.subscriptions = [
      this.view,
      this.changed,
      session.onStarted(() => this.refresh()),
      session.onRunsChanged(() => this.refresh()),
      this.view.onDidChangeVisibility(({ visible }) => visible && this.stale && this.refresh()),
    ];
  }

  /** Ask anew; where nobody looks, once somebody does. */
  refresh(): void {
    this.stale = !this.view.visible;
    if (!this.stale) this.changed.fire(undefined);
  }

  getTreeItem({ item }: Node): TreeItem {
    return item;
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (!this.session.running) return [];
    if (node?.kind === "run") return this.stepsOf(node);
    const folders = workspace.workspaceFolders ?? [];
    if (!node && folders.length > 1) return folders.map(({ name, uri }) => folderNode(name, this.session.uriOf(uri)));
    const argument = node?.argument ?? {};
    const told = (await this.session.execute("bridle.sessions", argument)) as Told | undefined;
    const isOther = node && told && argument.uri !== insideOf(told.folder); // nobody is at work in this one
    return isOther ? [] : (told?.sessions ?? []).map((run) => runNode(run, argument.uri));
  }

  dispose(): void {
    this.subscriptions.forEach((each) => each.dispose());
  }

  /** The latest first: what is gone back to is near the end as a rule. */
  private async stepsOf({ argument }: Node): Promise<Node[]> {
    const told = (await this.session.execute("bridle.story", argument)) as { steps: Step[] } | undefined;
    return (told?.steps ?? []).map((step) => stepNode(step, argument)).reverse();
  }
}

function folderNode(name: string, uri: string): Node {
  const item = new TreeItem(name, TreeItemCollapsibleState.Expanded);
  item.iconPath = ThemeIcon.Folder;
  return { kind: "folder", argument: { uri: insideOf(uri) }, item };
}

/** A place in a folder: the server tells by it which of its folders is meant. */
function insideOf(uri: string): string {
  return `${decodeURIComponent(uri)}/bridle.toml`;
}

function runNode(run: Run, uri: string | undefined): Node {
  const item = new TreeItem(run.title || run.workflow, TreeItemCollapsibleState.Collapsed);
  const [icon, color] = ICONS[run.state] ?? ["circle-outline"];
  item.id = run.id;
  item.iconPath = new ThemeIcon(icon, color === undefined ? undefined : new ThemeColor(color));
  item.description = [run.state, age(run.started), cost(run)].filter(Boolean).join(", ");
  const when = new Date(run.started * SECOND_MS).toLocaleString();
  item.tooltip = `${run.workflow}: ${run.instruction}\n${when}\n${run.id}`;
  item.contextValue = run.resumable ? "run.resumable" : run.live ? "run.live" : "run.over";
  return { kind: "run", argument: { ...(uri === undefined ? {} : { uri }), run: run.id }, item };
}

function stepNode(step: Step, argument: Node["argument"]): Node {
  const item = new TreeItem(step.text);
  item.id = `${argument.run}/${step.seq}`;
  item.description = `${step.seq}${step.stands ? "" : ", cut by going back"}`;
  item.tooltip = `${new Date(step.time * SECOND_MS).toLocaleTimeString()} ${step.text}`;
  item.contextValue = "step";
  return { kind: "step", argument: { ...argument, to: step.seq }, item };
}

const AGES = [[86_400, "d"], [3_600, "h"], [60, "min"]] as const;

function age(started: number): string {
  const seconds = Date.now() / SECOND_MS - started;
  const [size, unit] = AGES.find(([each]) => seconds >= each) ?? [1, "s"];
  return `${Math.max(0, Math.floor(seconds / size))} ${unit} ago`;
}

function cost({ tokens, cost_usd_micros: micros }: Run): string {
  if (micros) return `$${(micros / 1_000_000).toFixed(2)}`;
  return tokens ? `${tokens} tokens` : "";
}
