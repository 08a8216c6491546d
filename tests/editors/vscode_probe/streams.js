// Does what the plans of stream_plans.py say, by VS Code's own commands, for a server that writes down what it sends.
// Each answer of `recorder.kind` says that all before it was sent.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const vscode = require("vscode");

const execute = (command, ...rest) => vscode.commands.executeCommand(command, ...rest);

/** One file, and the person who works in it. */
class Stream {
  constructor(probe, editor) {
    this.probe = probe;
    this.editor = editor;
    this.document = editor.document;
  }

  /** The step's first line, with the cursor at its start. */
  go(step) {
    const line = step.line % this.document.lineCount;
    this.select(line, 0, line, 0);
    return line;
  }

  select(line, character, endLine, endCharacter) {
    this.editor.selection = new vscode.Selection(line, character, endLine, endCharacter);
  }

  selectLines(step) {
    const line = this.go(step);
    const last = Math.min(line + step.count - 1, this.document.lineCount - 1);
    this.select(line, 0, last, this.document.lineAt(last).text.length);
  }

  async press(keys) {
    for (const key of keys) {
      if (key === "\b") await execute("deleteLeft");
      else await execute("type", { text: key });
    }
  }

  async typing(step) {
    const line = this.go(step);
    const { text, firstNonWhitespaceCharacterIndex } = this.document.lineAt(line);
    const column = { end: text.length, start: firstNonWhitespaceCharacterIndex, middle: step.column % (text.length + 1) };
    if (step.where === "below") await execute("editor.action.insertLineAfter");
    else if (step.where === "above") await execute("editor.action.insertLineBefore");
    else this.select(line, column[step.where], line, column[step.where]);
    await this.press(step.keys);
  }

  astral(step) {
    return this.typing(step);
  }

  async multicursor(step) {
    const first = this.go(step);
    const last = Math.min(first + step.count - 1, this.document.lineCount - 1);
    const column = step.column % 12;
    const lines = Array.from({ length: last - first + 1 }, (_, down) => first + down);
    this.editor.selections = lines.map((line) => new vscode.Selection(line, column, line, column));
    await this.press(step.text);
    await execute("removeSecondaryCursors");
  }

  async undo(step) {
    for (let time = 0; time < step.times; time += 1) await execute("undo");
  }

  async redo(step) {
    for (let time = 0; time < step.times; time += 1) await execute("redo");
  }

  async snippet(step) {
    this.go(step);
    await execute("editor.action.insertLineAfter");
    await execute("editor.action.insertSnippet", { snippet: step.body });
    for (const word of step.words) {
      await this.press(word);
      await execute("jumpToNextSnippetPlaceholder");
    }
    await execute("leaveSnippet");
  }

  async rename(step) {
    const [old, fresh] = step.words;
    const at = this.document.getText().search(new RegExp(`\\b${old}\\b`));
    if (at < 0) return;
    const place = this.document.positionAt(at);
    const edit = await execute("vscode.executeDocumentRenameProvider", this.document.uri, place, fresh);
    assert(await vscode.workspace.applyEdit(edit));
  }

  async save() {
    await this.document.save();
  }

  /** Save, let another program change the file by `command`, and take what it wrote. */
  async fromOutside(command, step) {
    await this.document.save();
    const file = this.document.uri.fsPath;
    await execute(command, file, step.seed);
    await execute("workbench.action.files.revert");
    await this.probe.wait("the file is read again", () => this.document.getText() === fs.readFileSync(file, "utf8"));
  }

  reload(step) {
    return this.fromOutside("recorder.reload", step);
  }

  branch(step) {
    return this.fromOutside("recorder.branch", step);
  }

  async substitute(step) {
    const [searchString, replaceString] = step.words;
    const replaced = this.document.getText().toLowerCase().includes(searchString);
    const version = this.document.version;
    await execute("editor.actions.findWithArgs", { searchString, replaceString, isRegex: false, matchWholeWord: false });
    await execute("editor.action.replaceAll");
    if (replaced) await this.probe.wait("all is replaced", () => this.document.version > version);
    await execute("closeFindWidget");
  }

  async paste(step) {
    this.go(step);
    await execute("paste", { text: step.text, pasteOnNewLine: false });
  }

  async indent(step) {
    this.selectLines(step);
    await execute("editor.action.indentLines");
  }

  async outdent(step) {
    this.selectLines(step);
    await execute("editor.action.outdentLines");
  }

  async delete(step) {
    this.selectLines(step);
    await execute("editor.action.deleteLines");
  }

  async move(step) {
    this.selectLines(step);
    await execute(step.column % 2 ? "editor.action.moveLinesDownAction" : "editor.action.moveLinesUpAction");
  }

  async duplicate(step) {
    this.selectLines(step);
    await execute("editor.action.copyLinesDownAction");
  }

  async comment(step) {
    this.selectLines(step);
    await execute("editor.action.commentLine");
  }

  async join(step) {
    this.selectLines(step);
    await execute("editor.action.joinLines");
  }

  async sort(step) {
    this.selectLines(step);
    await execute("editor.action.sortLinesAscending");
  }

  async whole() {
    const text = this.document.getText();
    const edit = new vscode.WorkspaceEdit();
    const end = this.document.lineAt(this.document.lineCount - 1).range.end;
    edit.replace(this.document.uri, new vscode.Range(new vscode.Position(0, 0), end), `# whole\n${text}`);
    assert(await vscode.workspace.applyEdit(edit));
  }
}

exports.play = async (probe, scene) => {
  await probe.open(scene.streams[0].file);
  await probe.wait("the recorder is there", async () => (await vscode.commands.getCommands()).includes("recorder.kind"));
  const finals = {};
  for (const { name, file, steps } of scene.streams) {
    const stream = new Stream(probe, await probe.open(file));
    for (const [number, step] of steps.entries()) {
      probe.note("at", `${name}, step ${number}: ${JSON.stringify(step)}`);
      await execute("recorder.kind", step.kind);
      await stream[step.kind](step);
      await execute("recorder.kind", step.kind);
    }
    finals[name] = stream.document.getText();
  }
  probe.note("finals", finals);
  probe.note("version", vscode.version);
};
