// Plays one scenario inside the extension host of a real VS Code and writes what it saw.
"use strict";

const fs = require("node:fs");
const vscode = require("vscode");

exports.activate = async () => {
  if (!process.env.BRIDLE_SCENARIO) return;
  const { Probe } = require("./probe.js");
  const scenarios = require("./scenarios.js");
  const scene = JSON.parse(fs.readFileSync(process.env.BRIDLE_SCENE, "utf8"));
  const probe = new Probe(scene);
  let problem = null;
  try {
    await scenarios[process.env.BRIDLE_SCENARIO](probe, scene);
  } catch (error) {
    problem = String(error.stack ?? error);
  }
  const diagnostics = vscode.languages.getDiagnostics().map(([uri, all]) => [uri.path, all.map((d) => [d.source, d.message])]);
  const texts = vscode.workspace.textDocuments.map((document) => [document.uri.toString(), document.getText()]);
  const extension = vscode.extensions.getExtension("bridle.bridle");
  const active = await extension?.activate().then(() => "active", (error) => String(error.stack)) ?? "not installed";
  const result = { active, ok: problem === null, problem, steps: probe.steps, seen: probe.seen, diagnostics, texts };
  fs.writeFileSync(`${scene.result}.part`, JSON.stringify(result, null, 1));
  fs.renameSync(`${scene.result}.part`, scene.result);
};
