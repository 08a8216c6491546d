"""The truth of PHP: where intelephense, a language server of PHP, says that each name is defined.

Which names there are PHP's own tokens tell (`tellers/php_names.php`). A name of which the server knows nothing is
untold. Both programs are taken from PATH.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from comparing import KINDS, Comparison
from naming import NamingServer
from pinned import absent, each, own
from uses import compared, lines_of, told_in

PINNED = (
    ("slim", "Slim", "038fd5713d5a41636fdff0e8dcceedecdd17fc17"),
    ("fastroute", "src", "1c961398bef1ff6ecd8b273bef651d7afe90312b"),
)
"""Name, where its code is, commit."""

OPTIONAL = "php or intelephense (npm's package of that name)"
TELLER = Path(__file__).with_name("tellers") / "php_names.php"
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
    return absent(where, PINNED, OPTIONAL, is_here=_is_here())


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: each name in it is asked for."""
    del n_symbols
    return each(where, PINNED, only, _compared)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where a program is not installed."""
    return own(OWN, _compared, is_here=_is_here())


def _is_here() -> bool:
    return shutil.which("php") is not None and shutil.which("intelephense") is not None


def _compared(root: Path, name: str) -> Comparison:
    output = subprocess.run(["php", str(TELLER), str(root)], check=True, capture_output=True, text=True).stdout
    names = told_in(lines_of(output))
    with tempfile.TemporaryDirectory() as folder:
        options = {"storagePath": folder, "globalStoragePath": folder}
        argv = ["intelephense", "--stdio"]
        log = Path(folder) / "log"
        server = NamingServer(argv, root, log, names, "php", options=options, ready="indexingEnded")
        try:
            told = [use for one in names for use in server.told(one)]
        finally:
            server.close()
    return compared(root, told, name, constructors=("__construct",), kinds=TOLD)
