// Tells every name of the shell's scripts below a folder that is a function, a command or what is taken in:
// `node sh_names.js ROOT`; needs npm's package mvdan-sh. One JSON object a line, as go_types.go writes them.
const fs = require("fs");
const path = require("path");
const { syntax } = require("mvdan-sh");

const root = path.resolve(process.argv[2]);

function* files(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== ".git") yield* files(place);
    else if (entry.isFile() && isScript(place, entry.name)) yield place;
  }
}

function isScript(place, name) {
  if (/\.(sh|bash)$/.test(name)) return true;
  return !name.includes(".") && /^#![^\n]*[/ ](ba|da|k)?sh\b/.test(fs.readFileSync(place, "utf8").slice(0, 200));
}

function literal(word) {
  return word.Parts.length === 1 && syntax.NodeType(word.Parts[0]) === "Lit" ? word.Parts[0].Value : "";
}

function tell(file, at, name, kind) {
  const told = { path: path.relative(root, file), at, name, kind };
  process.stdout.write(JSON.stringify(told) + "\n");
}

for (const file of files(root)) {
  const text = fs.readFileSync(file, "utf8");
  let tree;
  try {
    tree = syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(text, file);
  } catch (problem) {
    process.stderr.write(`${file}: ${problem.message || problem}\n`);
    continue;
  }
  syntax.Walk(tree, (node) => {
    const kind = node === null ? "" : syntax.NodeType(node);
    if (kind === "FuncDecl") tell(file, node.Name.Pos().Offset(), node.Name.Value, "define");
    if (kind === "CallExpr" && node.Args.length > 0) {
      const name = literal(node.Args[0]);
      if ((name === "source" || name === ".") && node.Args.length > 1) {
        const last = node.Args[1].Parts.at(-1);
        const said = syntax.NodeType(last) === "DblQuoted" ? last.Parts.at(-1) : last;
        const end = said && syntax.NodeType(said) === "Lit" ? said.Value.split("/").at(-1) : "";
        tell(file, node.Args[1].Pos().Offset(), end, "import");
      } else if (/^[\w:.-]+$/.test(name)) tell(file, node.Args[0].Pos().Offset(), name, "call");
    }
    return true;
  });
}
