// What a person does with Bridle in VS Code.
"use strict";

const assert = require("node:assert");
const vscode = require("vscode");
const { beside } = require("./servers.js");

const execute = (command, ...rest) => vscode.commands.executeCommand(command, ...rest);

/** Up to the failing test's finding, in a folder that the person trusts. */
async function find(probe) {
  const { source, test } = await probe.openBoth();
  await execute("bridle.trust", { trusted: true });
  await execute("bridle.editor.verify");
  return { source, test, finding: await probe.diagnostic(test, "bridle·pytest") };
}

/** From the failing test to a verified proposal for the source; its badge says so when the text moved on meanwhile. */
async function propose(probe, scene, meanwhile) {
  const { source, test } = await find(probe);
  await probe.choose(test, scene.finding_line, "bridle.fix");
  await meanwhile?.(source);
  return { source, offer: await probe.diagnostic(source, "bridle", meanwhile ? "stale" : "verified") };
}

async function accept(probe, scene, source, offer) {
  await probe.choose(source, offer.range.start.line, "bridle.accept");
  await probe.wait("the fix landed", () => source.getText().includes(scene.right));
  await probe.wait("the landing is over", () =>
    !vscode.languages.getDiagnostics(source.uri).some((each) => each.source === "bridle"));
}

exports.finding_beside_other_tools = async (probe, scene) => {
  const { test, finding } = await find(probe);
  assert.equal(finding.range.start.line, scene.finding_line);
  const lint = await vscode.workspace.openTextDocument(probe.uri(scene.lint_file));
  await probe.diagnostic(lint, "bridle·ruff");
  const another = vscode.languages.createDiagnosticCollection("another tool");
  const unused = new vscode.Diagnostic(new vscode.Range(0, 0, 0, 1), "unused");
  unused.source = "Ruff";
  another.set(test.uri, [unused]);
  await probe.wait("Bridle leaves lint to Ruff", () => vscode.languages.getDiagnostics(lint.uri).length === 0);
  another.dispose();
  await probe.diagnostic(lint, "bridle·ruff");
  await besideRealServers(probe, scene, lint);
  await theWayAround(probe, scene);
  await theSayInContext(probe, scene);
};

/** The bill of a task says what the person chose, and offers on each line what can be chosen. */
async function theSayInContext(probe, scene) {
  const { document } = await probe.open(scene.source_file);
  await execute("bridle.editor.exclude", probe.uri(scene.second_file));
  await execute("bridle.editor.context");
  const bill = () => vscode.workspace.textDocuments.find((each) => each.uri.path.endsWith("context.md"));
  const shows = (words) => probe.wait(`the bill shows: ${words}`, () => bill()?.getText().includes(words));
  await shows(`kept out by you: ${scene.second_file}`);
  const lines = bill().getText().split("\n");
  await probe.choose(bill(), lines.findIndex((each) => each.includes(`${scene.source_file}:`)), "bridle.pin");
  await shows(`pinned by you: ${scene.source_file}`);
  await vscode.window.showTextDocument(document);
  await execute("bridle.editor.pinFile");
  const answer = await execute("bridle.clearContext", { uri: document.uri.toString() });
  assert.deepEqual(answer, { pinned: [], excluded: [scene.second_file] });
}

exports.second_folder = async (probe, scene) => {
  const { finding } = await find(probe);
  assert(finding);
  const [, second] = vscode.workspace.workspaceFolders;
  const other = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(second.uri, "other.py"));
  await vscode.window.showTextDocument(other);
  await probe.wait("the second folder has actions of its own", async () =>
    (await probe.commandsAt(other, 0)).includes("bridle.trust"));
  assert.deepEqual(vscode.languages.getDiagnostics(other.uri), [], "trust in one folder is none in another");
  await execute("bridle.trust", { uri: other.uri.toString(), trusted: true });
  await probe.diagnostic(other, "bridle·ruff", "F401");
  const test = probe.uri(scene.test_file);
  assert(vscode.languages.getDiagnostics(test).some((each) => each.source === "bridle·pytest"));
  vscode.workspace.updateWorkspaceFolders(1, 1);
  await probe.wait("what is gone shows nothing", () => vscode.languages.getDiagnostics(other.uri).length === 0);
  assert(vscode.languages.getDiagnostics(test).some((each) => each.source === "bridle·pytest"));
};

/** Bridle leads in Python, where nobody else does, and leaves JavaScript to the extension that VS Code brings along. */
async function theWayAround(probe, scene) {
  const source = await vscode.workspace.openTextDocument(probe.uri(scene.source_file));
  const at = source.positionAt(source.getText().indexOf("class Money") + "class M".length);
  const ask = (what, document, ...rest) => execute(`vscode.execute${what}Provider`, document.uri, ...rest);
  await probe.wait("Bridle leads in Python", async () => (await ask("Definition", source, at)).length === 1);
  const symbols = await ask("DocumentSymbol", source);
  assert(symbols.some((each) => each.name === "Money" && each.children.length > 1), JSON.stringify(symbols));
  assert((await ask("Reference", source, at)).length > 3);
  const found = await execute("vscode.executeWorkspaceSymbolProvider", "Money");
  assert.equal(found.filter((each) => each.name === "Money").length, 1);
  const [item] = await execute("vscode.prepareCallHierarchy", source.uri, at);
  assert((await execute("vscode.provideIncomingCalls", item)).length > 0);
  const uri = probe.uri("twice.js");
  await vscode.workspace.fs.writeFile(uri, Buffer.from("function once() {}\nonce();\n"));
  const script = await vscode.workspace.openTextDocument(uri);
  const told = async (count) => (await ask("Definition", script, new vscode.Position(1, 1))).length === count;
  assert(vscode.extensions.getExtension("vscode.typescript-language-features"));
  assert(await told(0), "this VS Code has that extension, and no TypeScript for it");
  const settings = vscode.workspace.getConfiguration("bridle");
  await settings.update("navigation", "on", vscode.ConfigurationTarget.Global);
  await probe.wait("Bridle leads in JavaScript where the person wants it", () => told(1));
  await settings.update("navigation", undefined, vscode.ConfigurationTarget.Global);
  await probe.wait("Bridle leaves JavaScript alone again", () => told(0));
}

/** With the real servers of ruff and pyright on the same documents nothing is said or offered twice. */
async function besideRealServers(probe, scene, lint) {
  const uri = vscode.Uri.joinPath(lint.uri, "..", "typed.py");
  await vscode.workspace.fs.writeFile(uri, Buffer.from('TOTAL: int = "three"\n'));
  const typed = await vscode.workspace.openTextDocument(uri);
  const ends = [
    await beside(scene.tools, "ruff", "ruff", ["server"], [lint, typed]),
    await beside(scene.tools, "pyright", "pyright-langserver", ["--stdio"], [lint, typed]),
  ];
  const unused = await probe.diagnostic(lint, "Ruff", "F401");
  const wrong = await probe.diagnostic(typed, "Pyright");
  const fresh = probe.uri("tests/test_fresh.py"); // its finding tells that this very verification has come to an end
  await vscode.workspace.fs.writeFile(fresh, Buffer.from("def test_fresh():\n    assert 1 == 2\n"));
  await execute("bridle.editor.verify");
  await probe.diagnostic({ uri: fresh }, "bridle·pytest");
  const at = (document, { range }) => vscode.languages.getDiagnostics(document.uri)
    .filter((each) => each.range.start.line === range.start.line).map((each) => each.source);
  await probe.wait("Bridle leaves lint and types to them", () => !vscode.languages.getDiagnostics()
    .some(([, all]) => all.some((each) => ["bridle·ruff", "bridle·mypy"].includes(each.source))));
  assert.deepEqual(at(lint, unused), ["Ruff"]);
  assert.deepEqual(at(typed, wrong), ["Pyright"]);
  const titles = (await probe.actions(lint, unused.range.start.line)).map((action) => action.title);
  assert(titles.some((title) => title.startsWith("ruff: ")), titles.join("\n"));
  assert.deepEqual(titles.filter((title) => title.includes("own fix")), []);
  ends.forEach((end) => end());
}

exports.untrusted = async (probe) => {
  const { test } = await probe.openBoth();
  await execute("bridle.trust", { trusted: false });
  void execute("bridle.editor.verify");
  await probe.wait("the person refused once more", () => probe.signalled("refused"));
  assert.deepEqual(vscode.languages.getDiagnostics(test.uri), []);
};

exports.one_undo_takes_the_fix = async (probe, scene) => {
  const { source, offer } = await propose(probe, scene);
  const before = source.getText();
  assert(offer);
  await execute("bridle.editor.review");
  await probe.wait("the fix landed", () => source.getText().includes(scene.right));
  assert(source.isDirty, "saving is the person's");
  await probe.wait("the person saved it", () => !source.isDirty);
  await probe.undo(source);
  assert.equal(source.getText(), before);
  await probe.redo(source);
  assert(source.getText().includes(scene.right), "redo brings it back");
};

exports.lines_typed_above_while_it_runs = async (probe, scene) => {
  const typed = "# one\n# two\n# three\n";
  const { source, offer } = await propose(probe, scene, (document) =>
    probe.type(document, new vscode.Position(0, 0), typed));
  const before = source.getText();
  assert(before.startsWith(typed), before);
  await accept(probe, scene, source, offer);
  assert.equal(source.getText(), before.replace(scene.wrong, scene.right));
  await probe.undo(source);
  assert.equal(source.getText(), before);
};

exports.undo_command_keeps_later_typing = async (probe, scene) => {
  const { source, offer } = await propose(probe, scene);
  const before = source.getText();
  await accept(probe, scene, source, offer);
  await probe.type(source, new vscode.Position(source.lineCount, 0), "# later");
  await execute("bridle.editor.undo");
  await probe.wait("the fix is gone", () => source.getText().includes(scene.wrong));
  assert.equal(source.getText(), `${before}# later`);
};

exports.chosen_from_in_the_refactor_preview = async (probe, scene) => {
  const { source, offer } = await propose(probe, scene);
  const before = source.getText();
  const review = () => probe.choose(source, offer.range.start.line, "bridle.preview");
  await review();
  await probe.wait("the person discarded it", () => probe.signalled("discarded"));
  assert.equal(source.getText(), before, "nothing changes");
  await review();
  await probe.wait("the fix landed", () => source.getText().includes(scene.right));
  const second = vscode.workspace.textDocuments.find((each) => each.uri.path.endsWith(scene.second_file));
  assert(second && !second.getText().includes(scene.second_right), "what was not ticked is not taken");
  await probe.diagnostic(second, "bridle");
  await probe.wait("the part was verified as it was chosen", () => probe.signalled("proved"));
  await execute("bridle.editor.undo");
  await probe.wait("just that is taken back", () => source.getText() === before);
  await execute("bridle.editor.preview");
  await probe.wait("what was left landed", () => second.getText().includes(scene.second_right));
  assert.equal(source.getText(), before);
};

exports.one_hunk_is_taken_and_the_other_left = async (probe, scene) => {
  const { source, offer } = await propose(probe, scene);
  const second = (await probe.open(scene.second_file)).document;
  const other = await probe.diagnostic(second, "bridle", "verified");
  const lens = await probe.wait("the lenses show", async () => {
    const found = await execute("vscode.executeCodeLensProvider", source.uri, 50);
    return found.find((each) => each.command?.title === "accept hunk 2 of 2");
  });
  assert.equal(lens.range.start.line, offer.range.start.line);
  await execute(lens.command.command, ...lens.command.arguments);
  await probe.wait("the fix landed", () => source.getText().includes(scene.right));
  assert(!second.getText().includes(scene.second_right), "the other hunk is not taken with it");
  await probe.choose(second, other.range.start.line, "bridle.reject");
  await probe.wait("nothing is on offer", () =>
    !vscode.languages.getDiagnostics(second.uri).some((each) => each.source === "bridle"));
  assert(!second.getText().includes(scene.second_right), "what was left is not taken");
  const asked = () => probe.lines("trace.jsonl").filter((line) => /"command": ?"bridle\.sessions"/.test(line)).length;
  assert.equal(asked(), 0, "nobody looked at the tree of runs");
  probe.signal("landed");
  await probe.wait("the run is taken back", () => source.getText().includes(scene.wrong));
  await probe.wait("the tree shows it", () => probe.signalled("taken back"));
  assert(asked() > 0);
};

exports.a_refused_edit = async (probe, scene) => {
  const { test } = await find(probe);
  await probe.choose(test, scene.finding_line, "bridle.edit");
  const offer = await probe.diagnostic(test, "bridle", "refused");
  const commands = await probe.commandsAt(test, offer.range.start.line);
  assert(!commands.includes("bridle.accept"), commands);
  assert(commands.includes("bridle.acceptAnyway"), commands);
  probe.note("offer", offer.message);
  await execute("bridle.editor.run");
  const shown = () => vscode.workspace.textDocuments.find((each) => each.uri.path.endsWith("explanation.md"));
  await probe.wait("what it wrote is shown", () => shown() !== undefined);
  probe.note("explanation", shown().getText());
};

exports.over_a_restart_and_a_crash = async (probe) => {
  await probe.openBoth();
  const ids = (await vscode.commands.getCommands()).filter((id) => id.startsWith("bridle."));
  probe.note("ids", ids.sort());
  await execute("bridle.editor.restart");
  await probe.serverIsUp();
  assert.equal(probe.lines("started.log").length, 2);
  process.kill(Number(probe.lines("started.log").at(-1)), "SIGKILL");
  await probe.wait("it was started again", () => probe.lines("started.log").length === 3);
  await probe.wait("it answers", () => execute("bridle.status", {}).then(() => true, () => false));
  const { commands } = vscode.extensions.getExtension("bridle.bridle").packageJSON.contributes;
  assert.deepEqual(commands.map((each) => each.command).filter((id) => !ids.includes(id)), [], "declared and not there");
  await probe.wait("the person read of the other version", () => probe.signalled("other version"));
  probe.signal("asks");
  await execute("bridle.editor.edit");
  probe.signal("said");
  await execute("bridle.editor.edit");
  await probe.wait("the person found what they said before", () => probe.signalled("said before"));
  assert.deepEqual(probe.lines("keys.log"), []);
  await execute("bridle.editor.setKey");
  await probe.wait("the next server has the key", () => probe.lines("keys.log").length > 0);
  assert.deepEqual(probe.lines("keys.log"), ["key-of-a-test"]);
};

exports.nothing_starts_in_restricted_mode = async (probe, scene) => {
  await probe.open(scene.test_file);
  assert.equal(vscode.workspace.isTrusted, false);
  await probe.wait("Bridle is active", () => vscode.extensions.getExtension("bridle.bridle").isActive);
  await execute("bridle.editor.restart");
  assert.deepEqual(probe.lines("started.log"), []);
  probe.signal("restricted");
  await probe.wait("the person trusts the workspace", () => vscode.workspace.isTrusted);
  await probe.serverIsUp();
  assert.equal(probe.lines("started.log").length, 1);
};

exports.a_dying_server_is_given_up = async (probe, scene) => {
  await probe.open(scene.test_file);
  await probe.wait("the person read the message", () => probe.signalled("given up"));
};

exports.installing_the_server = async (probe, scene) => {
  await probe.open(scene.test_file);
  await probe.serverIsUp();
};

Object.assign(exports, require("./races.js").races(propose));

exports.streams = require("./streams.js").play;

exports.a_wrong_path_is_named = async (probe, scene) => {
  await probe.open(scene.test_file);
  await probe.wait("the person read the message", () => probe.signalled("wrong path"));
};
