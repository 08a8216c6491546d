// A person who goes on typing while an edit is on its way: held.py keeps it between the server and VS Code until the
// person typed. And what a formatter and another program do to the text of a proposal that stands.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const vscode = require("vscode");

/** Accept, and act while the edit is held. */
async function acceptAndAct(probe, { source, offer }, act) {
  probe.signal("hold");
  await probe.choose(source, offer.range.start.line, "bridle.accept");
  await probe.wait("the edit is on its way", () => probe.signalled("held"));
  await act();
  probe.signal("go");
}

/** Type at the end of the one line that is `text`. */
async function typeInto(probe, document, text, typed) {
  const line = document.positionAt(document.getText().indexOf(text)).line;
  await probe.type(document, document.lineAt(line).range.end, typed);
}

const top = new vscode.Position(0, 0);
const needsRefresh = (probe, document) => probe.diagnostic(document, "bridle", "needs refresh");

/** The scenarios, for a `propose` that brings a verified proposal. */
exports.races = (propose) => ({
  async typed_around_in_two_files_between_send_and_apply(probe, scene) {
    const second = (await probe.open(scene.second_file)).document;
    const proposal = await propose(probe, scene);
    const { source } = proposal;
    await acceptAndAct(probe, proposal, async () => {
      await probe.type(source, top, "# above\n# it\n");
      await probe.type(source, new vscode.Position(source.lineCount, 0), "# below");
      await probe.type(second, top, "# above\n");
    });
    await probe.wait("the fix landed", () => source.getText().includes(scene.right));
    await probe.wait("in both files", () => second.getText().includes(scene.second_right));
    const texts = [source.getText(), second.getText()];
    assert(texts[0].startsWith("# above\n# it\n\"\"\"Amounts") && texts[0].endsWith("\n# below"), texts[0]);
    assert(texts[1].startsWith("# above\n\"\"\"What"), texts[1]);
    assert(!texts[0].includes(scene.wrong) && !texts[1].includes(scene.second_wrong), texts.join("\n"));
    await probe.undo(source);
    await probe.wait("one undo took both", () => second.getText().includes(scene.second_wrong));
    assert.equal(source.getText(), texts[0].replace(scene.right, scene.wrong));
    assert.equal(second.getText(), texts[1].replace(scene.second_right, scene.second_wrong));
  },

  async typed_inside_between_send_and_apply(probe, scene) {
    const proposal = await propose(probe, scene);
    const { source } = proposal;
    const before = source.getText();
    await acceptAndAct(probe, proposal, () => typeInto(probe, source, scene.wrong, "  # mine"));
    await probe.wait("the person reads of it", () => probe.signalled("refused"));
    assert.equal(source.getText(), before.replace(scene.wrong, `${scene.wrong}  # mine`));
    await needsRefresh(probe, source);
  },

  async typed_into_a_second_file_between_send_and_apply(probe, scene) {
    const second = (await probe.open(scene.second_file)).document;
    const proposal = await propose(probe, scene);
    const { source } = proposal;
    const before = [source.getText(), second.getText()];
    await acceptAndAct(probe, proposal, () => typeInto(probe, second, scene.second_wrong, "  # mine"));
    await probe.wait("the person reads of it", () => probe.signalled("refused"));
    assert.equal(source.getText(), before[0]);
    assert.equal(second.getText(), before[1].replace(scene.second_wrong, `${scene.second_wrong}  # mine`));
    await needsRefresh(probe, second);
  },

  async saved_by_a_formatter_and_read_again_while_a_proposal_stands(probe, scene) {
    const { source, offer } = await propose(probe, scene);
    vscode.languages.registerDocumentFormattingEditProvider("python", { provideDocumentFormattingEdits: tidied });
    await probe.type(source, top, "# typed   \n");
    await source.save();
    assert(source.getText().startsWith("# typed\n"), source.getText());
    fs.writeFileSync(source.uri.fsPath, `# from elsewhere\n${source.getText()}`);
    await vscode.window.showTextDocument(source);
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await probe.wait("it is read again", () => source.getText().startsWith("# from elsewhere\n"));
    const before = source.getText();
    await probe.choose(source, offer.range.start.line + 2, "bridle.accept");
    await probe.wait("the fix landed", () => source.getText().includes(scene.right));
    assert.equal(source.getText(), before.replace(scene.wrong, scene.right));
  },
});

/** The whole text at once, without what stands behind the lines. */
function tidied(document) {
  const end = document.lineAt(document.lineCount - 1).range.end;
  return [vscode.TextEdit.replace(new vscode.Range(top, end), document.getText().replace(/ +$/gm, ""))];
}
