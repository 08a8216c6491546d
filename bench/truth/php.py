"""The truth of PHP: where intelephense, a language server of PHP, says that each name is defined.

Which names there are PHP's own tokens tell (`tellers/php_names.php`). A name of which the server knows nothing is
untold. Both programs are taken from PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from comparing import KINDS, Comparison
from uses import Told, compared, lines_of, told_in

from bridle.cli.lsp_client import Json, LspClient
from bridle.indexer.text import index_of_unit, split_lines, unit_length

PINNED = (
    ("slim", "Slim", "038fd5713d5a41636fdff0e8dcceedecdd17fc17"),
    ("fastroute", "src", "1c961398bef1ff6ecd8b273bef651d7afe90312b"),
)
"""Name, where its code is, commit."""

OPTIONAL = "php or intelephense (npm's package of that name)"
TELLER = Path(__file__).with_name("tellers") / "php_names.php"
WAIT_S = 300.0
TOLD = tuple(kind for kind in KINDS if kind != "overrides")
"""The server does not tell what overrides what."""

OWN = {
    "src/Cart.php": r"""<?php
namespace Acme\Cart;

use Acme\Tax\{Rate, Rates as All};
use function Acme\Tax\find;

class Cart extends Base implements All\Holder
{
    use Named;
    /** @var Rate[] */
    private array $rates = [];

    public function __construct(private Rate $one) { parent::__construct(1); $this->rates = [find('all')]; }

    public function total(?Rate $more): int
    {
        $sum = $this->one->of(1) + $this->size() + $this->name();
        foreach ($this->rates as $rate) { $sum += $rate->of(2); }
        return $sum + $more->of(3) + All::first()->of(4) + (new \Acme\Tax\Rate())->of(5) + strlen('x');
    }
}
""",
    "src/Base.php": "<?php\nnamespace Acme\\Cart;\n\nabstract class Base\n{\n"
    "    public function __construct(int $x) {}\n    protected function size(): int { return 1; }\n}\n\n"
    "trait Named\n{\n    public function name(): int { return 2; }\n}\n",
    "tax/Rate.php": "<?php\nnamespace Acme\\Tax;\n\nclass Rate\n{\n"
    "    public function of(int $price): int { return $price; }\n}\n\n"
    "class Rates\n{\n    public static function first(): Rate { return find('x'); }\n}\n\n"
    "function find(string $name): Rate { return new Rate(); }\n",
    "tax/Holder.php": "<?php\nnamespace Acme\\Tax\\Rates;\n\ninterface Holder { public function total(): int; }\n",
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of the programs."""
    absent = [f"{name}/{code}" for name, code, _ in PINNED if not (where / name / code).exists()]
    return absent if _is_here() else [*absent, OPTIONAL]


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: each name in it is asked for."""
    del n_symbols
    for name, _, _ in PINNED:
        if only in ("", name):
            yield _compared((where / name).resolve(), name)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where a program is not installed."""
    if not _is_here():
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "shop"
        for path, text in OWN.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")
        yield _compared(root, "shop")


def _is_here() -> bool:
    return shutil.which("php") is not None and shutil.which("intelephense") is not None


def _compared(root: Path, name: str) -> Comparison:
    output = subprocess.run(["php", str(TELLER), str(root)], check=True, capture_output=True, text=True).stdout
    names = told_in(lines_of(output))
    with tempfile.TemporaryDirectory() as folder:
        server = _Server(root, Path(folder), names)
        try:
            told = [use for one in names for use in server.told(one)]
        finally:
            server.close()
    return compared(root, told, name, constructors=("__construct",), kinds=TOLD)


class _Server(LspClient):
    """Intelephense on one project, with a store of its own."""

    def __init__(self, root: Path, folder: Path, names: Sequence[Told]) -> None:
        self._is_ready = False
        self._defined: dict[str, list[int]] = {}
        for one in names:
            if one.kind == "define":
                self._defined.setdefault(one.path, []).append(one.at)
        self._lines: dict[str, list[str]] = {}
        super().__init__(["intelephense", "--stdio"], dict(os.environ), root, folder / "log")
        about = {
            "processId": os.getpid(),
            "rootUri": root.as_uri(),
            "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
            "capabilities": {},
            "initializationOptions": {"storagePath": str(folder), "globalStoragePath": str(folder)},
        }
        self.request("initialize", about, WAIT_S)
        self.notify("initialized", {})
        self.until(lambda: self._is_ready, WAIT_S, "indexing")

    def told(self, one: Told) -> Sequence[Told]:
        """Return what a name means: one use for each definition that the server names, none where it names none."""
        if one.kind == "define":
            return (one,)
        at = self._place(one.path, one.at)
        params = {"textDocument": {"uri": self.uri(one.path)}, "position": at}
        found = self.request("textDocument/definition", params, WAIT_S) or []
        goals = [self._goal(where) for where in (found if isinstance(found, list) else [found])]
        told = [msgspec.structs.replace(one, goal=path, goal_at=start) for path, start in goals]
        files = [msgspec.structs.replace(use, goal_at=-1) for use in told if use.goal and use.kind == "import"]
        return (*told, *files)

    def _goal(self, where: Json) -> tuple[str, int]:
        """Return where the name of a definition stands, of which the server tells the whole place."""
        place = Path(unquote(urlsplit(where["uri"]).path))
        if not place.is_relative_to(self._root):
            return "", -1
        path = place.relative_to(self._root).as_posix()
        start, end = (self._byte(path, where["range"][edge]) for edge in ("start", "end"))
        inside = [at for at in self._defined.get(path, ()) if start <= at < end]
        return path, min(inside, default=start)

    def _byte(self, path: str, at: Json) -> int:
        lines = self._text(path)
        line = lines[at["line"]]
        before = "".join(lines[: at["line"]]) + line[: index_of_unit(line, at["character"], "utf-16")]
        return len(before.encode())

    def _place(self, path: str, at: int) -> Json:
        """Return where a byte of a file stands, in the protocol's units."""
        *above, line = split_lines("".join(self._text(path)).encode()[:at].decode())
        return {"line": len(above), "character": unit_length(line, "utf-16")}

    def _text(self, path: str) -> list[str]:
        if path not in self._lines:
            text = (self._root / path).read_bytes().decode()
            self._lines[path] = split_lines(text)
            item = {"uri": self.uri(path), "languageId": "php", "version": 1, "text": text}
            self.notify("textDocument/didOpen", {"textDocument": item})
        return self._lines[path]

    def _take(self, message: Json) -> None:
        if message.get("method") == "indexingEnded":
            self._is_ready = True
        super()._take(message)

    def _serve(self, method: str, message: Json) -> Any:
        return None if method == "window/workDoneProgress/create" else super()._serve(method, message)
