// The real servers of other tools beside Bridle: as much of a language client as it takes to show what they find.
"use strict";

const { spawn } = require("node:child_process");
const path = require("node:path");
const vscode = require("vscode");

/** Start a server on some documents; its findings and fixes show as an extension of its own would show them. */
exports.beside = async (tools, name, program, args, documents) => {
  const server = spawn(path.join(tools, program), args, { stdio: ["pipe", "pipe", "ignore"] });
  const shown = vscode.languages.createDiagnosticCollection(name);
  const waiting = new Map();
  let sent = 0;
  const send = (message) => {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    server.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  };
  const ask = (method, params) => new Promise((done) => {
    waiting.set(++sent, done);
    send({ id: sent, method, params });
  });
  receive(server.stdout, (message) => {
    if (message.method === "textDocument/publishDiagnostics") {
      const { uri, diagnostics } = message.params;
      shown.set(vscode.Uri.parse(uri), diagnostics.map(asDiagnostic));
    } else if (message.method && message.id !== undefined) {
      send({ id: message.id, result: message.method === "workspace/configuration" ? message.params.items.map(() => null) : null });
    } else if (message.id !== undefined) {
      waiting.get(message.id)?.(message.result);
    }
  });
  const folder = vscode.workspace.workspaceFolders[0].uri.toString();
  const capabilities = {
    textDocument: {
      publishDiagnostics: {},
      codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix"] } }, resolveSupport: { properties: ["edit"] } },
    },
    workspace: { configuration: true },
  };
  await ask("initialize", { processId: process.pid, rootUri: folder, workspaceFolders: [{ uri: folder, name: "w" }], capabilities });
  send({ method: "initialized", params: {} });
  for (const document of documents) {
    const item = { uri: document.uri.toString(), languageId: "python", version: 1, text: document.getText() };
    send({ method: "textDocument/didOpen", params: { textDocument: item } });
  }
  vscode.languages.registerCodeActionsProvider({ language: "python" }, {
    provideCodeActions: async (document, range) => {
      const own = (shown.get(document.uri) ?? []).filter((each) => each.range.intersection(range));
      const params = {
        textDocument: { uri: document.uri.toString() },
        range: { start: { line: range.start.line, character: 0 }, end: { line: range.end.line + 1, character: 0 } },
        context: { diagnostics: own.map((each) => each.raw) },
      };
      const answer = await ask("textDocument/codeAction", params);
      return (answer ?? []).map((each) => new vscode.CodeAction(`${name}: ${each.title}`, vscode.CodeActionKind.QuickFix));
    },
  });
  return () => server.kill();
};

function receive(stream, take) {
  let kept = Buffer.alloc(0);
  stream.on("data", (chunk) => {
    kept = Buffer.concat([kept, chunk]);
    for (;;) {
      const head = kept.indexOf("\r\n\r\n");
      const length = head < 0 ? NaN : Number(/Content-Length: (\d+)/.exec(kept.subarray(0, head).toString())[1]);
      if (!(kept.length >= head + 4 + length)) return;
      take(JSON.parse(kept.subarray(head + 4, head + 4 + length).toString()));
      kept = kept.subarray(head + 4 + length);
    }
  });
}

function asDiagnostic(raw) {
  const { start, end } = raw.range;
  const range = new vscode.Range(start.line, start.character, end.line, end.character);
  const diagnostic = new vscode.Diagnostic(range, raw.message, (raw.severity ?? 1) - 1);
  return Object.assign(diagnostic, { source: raw.source, code: raw.code, raw });
}
