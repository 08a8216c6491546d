/** One language client over one `bridle serve`: start, stop, restart, and what happens when it dies. */

import {
  commands, EventEmitter, window, workspace,
  type Disposable, type ExtensionContext, type LogOutputChannel, type Uri,
} from "vscode";
import {
  CloseAction, ErrorAction, ExecuteCommandRequest, LanguageClient, RevealOutputChannelOn, State,
  type ClientCapabilities, type Executable, type ExecuteCommandSignature, type LanguageClientOptions,
  type StaticFeature,
} from "vscode-languageclient/node";
import { chosenPython } from "./environments";
import { childEnvironment, install, managedServer, versionOf } from "./install";
import { Instructions } from "./instructions";
import { askKey, withKey } from "./key";
import { offerSave } from "./landing";
import { findServer, type Found } from "./server";
import { DOCUMENTS, type ServerStatus, type Status } from "./status";

const STOP_MS = 5000;
const MAX_DEATHS = 3;
const OWN_VERSION = "ownVersion"; // the version whose own server the person wanted
const WINDOW_MS = 3 * 60 * 1000;

export class Session implements Disposable {
  private readonly started = new EventEmitter<void>();
  private readonly runsChanged = new EventEmitter<void>();
  private client: LanguageClient | undefined;
  private turn: Promise<void> = Promise.resolve();
  private deaths: number[] = [];
  private readonly instructions: Instructions;
  private toldVersion = "";
  readonly onStarted = this.started.event;
  readonly onRunsChanged = this.runsChanged.event;

  constructor(
    private readonly context: ExtensionContext,
    private readonly log: LogOutputChannel,
    private readonly status: Status,
  ) {
    this.instructions = new Instructions(context.workspaceState);
  }

  get running(): boolean {
    return this.client?.state === State.Running;
  }

  /** Stop what runs and start anew, however often it died before. */
  restart(): Promise<void> {
    this.deaths = [];
    return this.startAgain();
  }

  /** Ask the server; undefined when there is none or it refused, which the person was told. */
  async execute(command: string, argument: object): Promise<unknown> {
    if (!this.client || !this.running) {
      void window.showWarningMessage("Bridle's server is not running.", "Start", "Show Log").then((choice) => {
        if (choice === "Start") void this.restart();
        if (choice === "Show Log") this.log.show();
      });
      return undefined;
    }
    try {
      return await this.client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument] });
    } catch (problem) {
      void window.showErrorMessage(problem instanceof Error ? problem.message : String(problem));
      return undefined;
    }
  }

  /** Tell the server; what there is no server for is told to the next one, once it runs. */
  notify(method: string, params: object): void {
    void this.client?.sendNotification(method, params).catch((problem: unknown) => this.log.warn(String(problem)));
  }

  uriOf(uri: Uri): string {
    return this.client?.code2ProtocolConverter.asUri(uri) ?? uri.toString();
  }

  /** Adds the person's instruction to an argument; undefined when they gave none. */
  async ask(argument: object): Promise<object | undefined> {
    const placeholder = "What should change here? It is verified before you see it.";
    const instruction = await this.instructions.ask("Bridle: Edit", placeholder);
    return instruction === undefined ? undefined : { ...argument, instruction };
  }

  async askKey(): Promise<void> {
    if (await askKey(this.context)) await this.restart();
  }

  /** Install the server of this extension's version, and take it before any other that nobody named. */
  async installServer(): Promise<void> {
    if (!(await install(this.context, this.log))) return;
    await this.context.globalState.update(OWN_VERSION, versionOf(this.context));
    await this.restart();
  }

  /** Stop for good, in bounded time. */
  close(): Promise<void> {
    return this.turn.then(() => this.stop());
  }

  dispose(): void {
    this.started.dispose();
    this.runsChanged.dispose();
    void this.close();
  }

  /** Several calls run one after the other. */
  private startAgain(): Promise<void> {
    this.turn = this.turn.then(() => this.stop()).then(() => this.start());
    return this.turn;
  }

  private async start(): Promise<void> {
    if (!workspace.isTrusted) {
      this.status.show({ text: "restricted", state: "warning", detail: "starts once this workspace is trusted" });
      return;
    }
    const found = await this.find();
    if (!found) return;
    this.log.info(`Starting ${found.command} (${found.origin})`);
    this.status.show({ text: "starting", state: "busy" });
    const environment = await withKey(this.context, childEnvironment());
    const client: LanguageClient = new QuietClient("bridle", "Bridle", executable(found, environment), {
      ...this.options(),
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          this.died(client, "it ended");
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    });
    client.registerFeature(OWN_FEATURES);
    client.onNotification("bridle/status", (status: ServerStatus) => this.status.show(status));
    client.onNotification("bridle/sessions", () => this.runsChanged.fire());
    this.client = client;
    try {
      await client.start();
      this.tellOfOtherVersion(client.initializeResult?.serverInfo?.version, found);
      this.started.fire();
    } catch (problem) {
      this.died(client, String(problem));
    }
  }

  /** The current client ended by itself: three deaths in three minutes are borne, the fourth is the last. */
  private died(client: LanguageClient, reason: string): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.log.warn(`The server is gone: ${reason}`);
    const now = Date.now();
    this.deaths = [...this.deaths.filter((time) => now - time < WINDOW_MS), now];
    if (this.deaths.length <= MAX_DEATHS) void this.startAgain();
    else this.giveUp("Bridle's server keeps dying and is not started again.");
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose(STOP_MS).catch((problem: unknown) => this.log.warn(String(problem)));
  }

  private async find(): Promise<Found | undefined> {
    const setting = workspace.getConfiguration("bridle").get("path", "");
    const ownFirst = this.context.globalState.get(OWN_VERSION) === versionOf(this.context);
    const python = await chosenPython();
    const places = { setting, environment: process.env, python, managed: managedServer(this.context), ownFirst };
    try {
      const found = await findServer(places);
      if (!found) this.offerInstall();
      return found;
    } catch (problem) {
      this.giveUp(problem instanceof Error ? problem.message : String(problem));
      return undefined;
    }
  }

  private offerInstall(): void {
    this.status.show({ text: "no server", state: "warning", detail: "run 'Bridle: Install Server…'" });
    const question = "Bridle's server is not on this machine's PATH. Install it into an environment of its own?";
    void window.showInformationMessage(question, "Install", "Open Settings").then((choice) => {
      if (choice === "Install") void this.installServer();
      if (choice === "Open Settings") void commands.executeCommand("workbench.action.openSettings", "bridle.path");
    });
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: DOCUMENTS,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: () => ({ settings: workspace.getConfiguration("bridle") }),
      synchronize: { configurationSection: "bridle" },
      initializationFailedHandler: () => false,
      middleware: {
        executeCommand: (command, args, next) => this.fillIn(command, args as object[], next),
        workspace: { handleApplyEdit: offerSave },
      },
    };
  }

  /** The server offers an edit without an instruction: the person is asked for it here. */
  private async fillIn(command: string, args: object[], next: ExecuteCommandSignature): Promise<unknown> {
    const [argument = {}] = args;
    if (command !== "bridle.edit" || "instruction" in argument) return next(command, args);
    const asked = await this.ask(argument);
    return asked && next(command, [asked]);
  }

  private giveUp(message: string): void {
    this.status.show({ text: "stopped", state: "error", detail: "see the log" });
    void window.showErrorMessage(message, "Restart", "Show Log").then((choice) => {
      if (choice === "Restart") void this.restart();
      if (choice === "Show Log") this.log.show();
    });
  }

  /** Once for each version, with what helps where that server was found. */
  private tellOfOtherVersion(version = "unknown", { origin }: Found): void {
    const own = versionOf(this.context);
    if (version === own || version === this.toldVersion) return;
    this.toldVersion = version;
    const message = `Bridle's server (${origin}) is of version ${version}, this extension of ${own}.`;
    this.log.warn(message);
    const [use, settings] = [`Use ${own}`, "Open Settings"];
    void window.showWarningMessage(message, origin === "setting bridle.path" ? settings : use).then((choice) => {
      if (choice === use) void this.installServer();
      if (choice === settings) void commands.executeCommand("workbench.action.openSettings", "bridle.path");
    });
  }
}

/** Logs what goes wrong and shows none of it: what a person is told, and once, is the session's to say. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

const OWN_FEATURES: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    const declared = capabilities.experimental as object | undefined;
    capabilities.experimental = { ...declared, bridleStatus: true, bridleNeighbours: true, bridleSessions: true };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

function executable({ command }: Found, env: NodeJS.ProcessEnv): Executable {
  return { command, args: ["serve"], options: { env } };
}
