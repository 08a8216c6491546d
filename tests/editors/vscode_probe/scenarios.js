// What a person does with Bridle in VS Code. Each runs against the stand-in and the real server alike.
"use strict";

const assert = require("node:assert");
const vscode = require("vscode");

const execute = (command, ...rest) => vscode.commands.executeCommand(command, ...rest);

async function propose(probe, scene, meanwhile) {
  const { source, test } = await probe.openBoth();
  await execute("bridle.trust", { trusted: true });
  await probe.diagnostic(test, scene.finding_source);
  await probe.choose(test, scene.finding_line, "bridle.fix");
  await meanwhile?.(source);
  const offer = await probe.diagnostic(source, "bridle", "verified");
  return { source, offer };
}

async function accept(probe, scene, source, offer) {
  await probe.choose(source, offer.range.start.line, "bridle.accept");
  await probe.wait("the fix landed", () => source.getText().includes(scene.right));
}

exports.finding = async (probe, scene) => {
  const { test } = await probe.openBoth();
  await execute("bridle.trust", { trusted: true });
  const finding = await probe.diagnostic(test, scene.finding_source);
  assert.equal(finding.range.start.line, scene.finding_line);
};

exports.untrusted = async (probe, scene) => {
  const { test } = await probe.openBoth();
  await execute("bridle.trust", { trusted: false });
  await execute("bridle.editor.fix");
  await execute("bridle.editor.verify");
  await execute("bridle.editor.status");
  assert.deepEqual(vscode.languages.getDiagnostics(test.uri), []);
};

exports.one_undo_takes_the_fix = async (probe, scene) => {
  const { source, offer } = await propose(probe, scene);
  const before = source.getText();
  await accept(probe, scene, source, offer);
  await probe.undo(source);
  assert.equal(source.getText(), before);
  await execute("redo");
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

exports.edit_asks_for_an_instruction = async (probe, scene) => {
  const { source } = await probe.openBoth();
  await execute("bridle.trust", { trusted: true });
  await probe.choose(source, scene.wrong_line, "bridle.edit");
  await probe.diagnostic(source, "bridle", "verified");
};

exports.saving_is_offered = async (probe, scene) => {
  const { source, offer } = await propose(probe, scene);
  await accept(probe, scene, source, offer);
  await probe.wait("it is saved", () => !source.isDirty);
};

exports.other_tools_are_reported = async (probe) => {
  const { test } = await probe.openBoth();
  const foreign = vscode.languages.createDiagnosticCollection("another tool");
  const unused = new vscode.Diagnostic(new vscode.Range(0, 0, 0, 1), "unused");
  unused.source = "Ruff";
  foreign.set(test.uri, [unused]);
  await probe.wait("the server heard of it", () => probe.lines("heard.jsonl").some((line) => line.includes("Ruff")));
};

exports.commands_do_not_collide = async (probe) => {
  await probe.openBoth();
  const ids = (await vscode.commands.getCommands()).filter((id) => id.startsWith("bridle."));
  probe.note("ids", ids.sort());
  await execute("bridle.editor.restart");
  await probe.serverIsUp();
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
  probe.note("starts", probe.lines("started.log").length);
};

exports.installing_the_server = async (probe, scene) => {
  await probe.open(scene.test_file);
  await probe.serverIsUp();
  assert.deepEqual(probe.lines("started.log"), ["serve"]);
};

exports.a_wrong_path_is_named = async (probe, scene) => {
  await probe.open(scene.test_file);
  await probe.wait("the person read the message", () => probe.signalled("wrong path"));
};
