// Formats Lua as StyLua does, by its own build for Node: names the files that differ, and with --write puts them right.
//
//   node stylua.cjs MODULES [--write] FILE...

"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const [modules, ...rest] = process.argv.slice(2);
const stylua = createRequire(`${modules}/`)("@johnnymorganz/stylua");
const write = rest[0] === "--write";
let differing = 0;
for (const file of write ? rest.slice(1) : rest) {
  const config = stylua.Config.new(); // formatting uses it up
  Object.assign(config, { column_width: 120, indent_type: stylua.IndentType.Spaces, indent_width: 2 });
  const text = fs.readFileSync(file, "utf8");
  const formatted = stylua.formatCode(text, config, undefined, stylua.OutputVerification.Full);
  if (formatted === text) continue;
  differing += 1;
  console.log(file);
  if (write) fs.writeFileSync(file, formatted);
}
process.exitCode = differing && !write ? 1 : 0;
