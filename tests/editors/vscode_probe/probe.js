// What scenarios are made of: bounded waits, opening, choosing, looking.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const WAIT_MS = 120000; // a bound for a busy machine; what is waited for is always a state
const LOOK_MS = 20;

const codeOf = ({ code }) => (typeof code === "object" ? code.value : code);

exports.Probe = class {
  constructor(scene) {
    this.scene = scene;
    this.steps = [];
    this.seen = {};
  }

  /** Wait until `condition` gives something, and give it back; past the bound the scenario fails with `step`. */
  async wait(step, condition) {
    const deadline = Date.now() + WAIT_MS;
    this.steps.push(step);
    for (;;) {
      const found = await condition();
      if (found) return found;
      assert(Date.now() < deadline, `waited in vain until ${step}`);
      await new Promise((go) => setTimeout(go, LOOK_MS));
    }
  }

  note(name, value) {
    this.seen[name] = value;
  }

  uri(file) {
    return vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, file);
  }

  async open(file) {
    return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(this.uri(file)));
  }

  /** Both documents, and the server's commands at hand. */
  async openBoth() {
    const source = (await this.open(this.scene.source_file)).document;
    const test = (await this.open(this.scene.test_file)).document;
    await this.serverIsUp();
    return { source, test };
  }

  async serverIsUp() {
    await this.wait("the server's commands are there", async () =>
      (await vscode.commands.getCommands()).includes("bridle.trust"));
  }

  /** Wait for a diagnostic of one source in a document, and of one code if that is given. */
  diagnostic(document, source, code) {
    return this.wait(`${source} ${code ?? ""} shows`, () =>
      vscode.languages.getDiagnostics(document.uri).find((each) =>
        each.source === source && (code === undefined || codeOf(each) === code)));
  }

  actions(document, line) {
    const range = new vscode.Range(line, 0, line, 0);
    return vscode.commands.executeCommand("vscode.executeCodeActionProvider", document.uri, range);
  }

  /** The commands of the code actions at a line. */
  async commandsAt(document, line) {
    return (await this.actions(document, line)).map((action) => action.command?.command);
  }

  /** Choose the code action at a line whose command is `command`, as the light bulb would, once it is offered. */
  async choose(document, line, command) {
    const { command: chosen } = await this.wait(`${command} is offered`, async () =>
      (await this.actions(document, line)).find((action) => action.command?.command === command));
    await vscode.commands.executeCommand(chosen.command, ...(chosen.arguments ?? []));
  }

  /** One press of the person's undo key in a document. */
  undo(document) {
    return this.changes(document, () => vscode.commands.executeCommand("undo"));
  }

  redo(document) {
    return this.changes(document, () => vscode.commands.executeCommand("redo"));
  }

  type(document, position, text) {
    return this.changes(document, (editor) => {
      editor.selection = new vscode.Selection(position, position);
      return vscode.commands.executeCommand("type", { text });
    });
  }

  /** Do something in the document's editor, and wait until the document shows it. */
  async changes(document, act) {
    const editor = await vscode.window.showTextDocument(document);
    const { version } = document;
    await act(editor);
    await this.wait("the document shows it", () => document.version > version);
  }

  /** Tell the person before the window, who waits for it. */
  signal(name) {
    fs.writeFileSync(path.join(path.dirname(this.scene.result), `${name}.signal`), "");
  }

  signalled(name) {
    return fs.existsSync(path.join(path.dirname(this.scene.result), `${name}.signal`));
  }

  /** Lines of a file in the scene's folder; none while it is not there. */
  lines(name) {
    const file = path.join(path.dirname(this.scene.result), name);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n") : [];
  }
};
