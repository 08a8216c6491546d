"""The whole index on real folders: what it knows, what a change costs, and what bad input does to it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from zlib import crc32

import msgspec
import pytest

from bridle.indexer.digest import digest
from bridle.indexer.disk import SAVE_EVERY
from bridle.indexer.facts import SymbolId
from bridle.indexer.graph import symbol_graph
from bridle.indexer.index import Index
from bridle.indexer.numbering import Rows, Table
from bridle.indexer.packed import Packed
from bridle.indexer.snapshot import Snapshot

SHOP = {
    "pyproject.toml": "[project]\nname = 'shop'\n",
    "src/shop/__init__.py": "from shop.cart import Cart as Cart\n",
    "src/shop/cart.py": """from shop import tax


class Cart:
    def total(self):
        return tax.with_tax(1)
""",
    "src/shop/tax.py": """RATE = 3


def with_tax(price):
    return rounded(price * RATE)


def rounded(x): return x
""",
    "tests/test_cart.py": """from shop import Cart


def test_total():
    cart = Cart()
    assert cart.total() == 3
""",
}


def plant(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    plant(tmp_path / "shop", SHOP)
    return tmp_path / "shop"


@pytest.fixture
def index(root: Path) -> Iterator[Index]:
    opened = Index(root, None, workers=1)
    yield opened
    opened.close()


def ids(*names: str) -> list[SymbolId]:
    return [SymbolId(name) for name in names]


def test_a_snapshot_answers_where_what_and_who(index: Index) -> None:
    assert not index.snapshot.complete
    snapshot = index.refresh()
    assert snapshot.complete
    assert snapshot.digests["src/shop/tax.py"] == digest(SHOP["src/shop/tax.py"].encode())
    assert [symbol.name for symbol in snapshot.in_file("src/shop/tax.py")] == ["tax", "RATE", "with_tax", "rounded"]
    enclosing = snapshot.enclosing("src/shop/cart.py", 5)
    assert enclosing is not None
    assert enclosing.qualname == "Cart.total"
    assert snapshot.enclosing("nowhere.py", 1) is None
    assert [symbol.id for symbol in snapshot.named("Cart.total")] == ["src/shop/cart.py::Cart.total"]
    (with_tax,) = snapshot.named("with_tax")
    assert [edge.source for edge in snapshot.callers(with_tax.id)] == ["src/shop/cart.py::Cart.total"]
    assert [edge.target for edge in snapshot.callees(with_tax.id)] == ["src/shop/tax.py::rounded"]
    hit = snapshot.search("rounding of a tax", 5)[0]
    assert (hit.symbol, hit.words[0]) == ("src/shop/tax.py::rounded", "round")


def test_tests_are_found_through_what_they_use_with_the_way(index: Index) -> None:
    (reach,) = index.refresh().tests_reaching(ids("src/shop/tax.py::rounded"))
    assert reach.symbol.name == "test_total"
    assert reach.path == (
        "tests/test_cart.py::test_total",
        "src/shop/cart.py::Cart.total",
        "src/shop/tax.py::with_tax",
        "src/shop/tax.py::rounded",
    )
    assert 0 < reach.confidence < 1


@pytest.mark.slow
def test_the_graph_holds_every_definition_and_edge(index: Index) -> None:
    snapshot = index.refresh()
    graph = symbol_graph(snapshot)
    assert set(graph) == set(snapshot.symbols)
    assert graph.number_of_edges() == len(snapshot.edges) == sum(snapshot.stats.edges.values())
    found = graph["src/shop/tax.py::with_tax"]["src/shop/tax.py::rounded"]["calls"]
    assert found == {"kind": "calls", "confidence": 1.0}


def test_one_edited_file_is_the_only_one_parsed_and_resolved(root: Path, index: Index) -> None:
    first = index.refresh()
    assert (first.stats.parsed, first.stats.files) == (len(SHOP), len(SHOP))
    plant(root, {"src/shop/tax.py": SHOP["src/shop/tax.py"].replace("price * RATE", "price + RATE")})
    second = index.refresh()
    assert (second.stats.parsed, second.stats.resolved) == (1, 1)
    third = index.refresh()
    assert (third.stats.parsed, third.stats.resolved) == (0, 0)


def test_a_prepared_index_makes_nothing_of_the_whole_at_a_first_edit(index: Index) -> None:
    index.prepare()
    assert {"names", "mentions", "sources"} <= vars(index.snapshot.linked).keys()


def test_a_new_name_is_resolved_where_it_is_mentioned(root: Path, index: Index) -> None:
    index.refresh()
    plant(root, {"src/shop/tax.py": SHOP["src/shop/tax.py"].replace("def rounded(x)", "def rounded_up(x)")})
    after = index.refresh()
    assert after.callers(ids("src/shop/tax.py::rounded_up")[0]) == ()
    plant(root, {"src/shop/tax.py": SHOP["src/shop/tax.py"].replace("with_tax", "taxed")})
    assert index.refresh().callers(ids("src/shop/tax.py::taxed")[0]) == ()
    plant(root, {"src/shop/cart.py": SHOP["src/shop/cart.py"].replace("with_tax", "taxed")})
    last = index.refresh()
    assert len(last.callers(ids("src/shop/tax.py::taxed")[0])) == 1
    assert last.stats.parsed == 1


def test_an_open_buffer_wins_until_it_is_closed(root: Path, index: Index) -> None:
    before = index.refresh()
    index.set_buffer("src/shop/tax.py", "def fresh(): pass\n")
    assert [symbol.name for symbol in index.snapshot.in_file("src/shop/tax.py")] == ["tax", "fresh"]
    assert index.snapshot.stats.parsed == 1
    assert index.snapshot.search("fresh", 1)[0].symbol == "src/shop/tax.py::fresh"
    plant(root, {"src/shop/tax.py": "def on_disk(): pass\n"})
    assert index.refresh().named("on_disk") == ()
    index.set_buffer("src/shop/tax.py", None)
    assert len(index.snapshot.named("on_disk")) == 1
    assert [symbol.name for symbol in before.in_file("src/shop/tax.py")] == ["tax", "RATE", "with_tax", "rounded"]
    index.set_buffer("not/there.py", "def new(): pass\n")
    assert len(index.snapshot.named("new")) == 1
    index.set_buffer("notes.txt", "no language")
    assert "notes.txt" not in index.snapshot.digests


def test_the_last_of_many_buffer_texts_is_the_one_that_stays(index: Index) -> None:
    index.refresh()
    threads = [threading.Thread(target=index.set_buffer, args=("a.py", f"def f{n}(): pass\n")) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    index.set_buffer("a.py", "def last(): pass\n")
    assert [symbol.name for symbol in index.snapshot.in_file("a.py")] == ["a", "last"]


def test_a_buffer_that_declares_another_encoding_is_still_text(index: Index) -> None:
    index.set_buffer("a.py", "# coding: latin-1\ndef größe(): pass\n")
    assert [symbol.name for symbol in index.snapshot.in_file("a.py")] == ["a", "größe"]


def test_a_second_start_parses_nothing(root: Path, tmp_path: Path) -> None:
    first, second = knows(root, tmp_path / "state/index.db"), knows(root, tmp_path / "state/index.db")
    assert (first.stats.parsed, second.stats.parsed, second.stats.loaded) == (len(SHOP), 0, len(SHOP))
    assert (first.stats.resolved, second.stats.resolved) == (len(SHOP), 0)
    assert second.edges == first.edges
    assert second.search("tax rounding", 9) == first.search("tax rounding", 9)
    (root / "tests/test_cart.py").unlink()
    third, fourth = knows(root, tmp_path / "state/index.db"), knows(root, tmp_path / "state/index.db")
    assert (third.stats.files, fourth.stats.loaded) == (len(SHOP) - 1, len(SHOP) - 1)


def test_what_changed_between_two_starts_is_linked_again_and_nothing_else(root: Path, tmp_path: Path) -> None:
    store = tmp_path / "index.db"
    knows(root, store)
    text = SHOP["src/shop/tax.py"].replace(
        "return rounded(price * RATE)", "return exact(price)\n\n\ndef exact(x): return x"
    )
    plant(root, {"src/shop/tax.py": text})
    again = knows(root, store)
    assert (again.stats.parsed, again.stats.loaded) == (1, len(SHOP))
    assert 0 < again.stats.resolved < 4
    assert again.edges == knows(root).edges
    assert knows(root, store).stats.resolved == 0


@pytest.mark.parametrize("harm", ["rotten", "of another state", "cut", "users cut", "names cut", "terms cut"])
def test_edges_that_are_not_those_of_the_kept_files_are_found_anew(root: Path, tmp_path: Path, harm: str) -> None:
    store = tmp_path / "index.db"
    whole = knows(root, store)
    database = sqlite3.connect(store)
    ((data,),) = database.execute("SELECT packed FROM linked").fetchall()
    packed = msgspec.msgpack.decode(data, type=Packed)
    other = msgspec.structs.replace(packed, key="0") if harm == "of another state" else packed
    other = msgspec.structs.replace(packed, targets=packed.targets[:8]) if harm == "cut" else other
    if harm == "users cut":
        other = msgspec.structs.replace(packed, users=Rows(packed.users.starts[:8], packed.users.values))
    elif harm in {"names cut", "terms cut"}:
        table: Table = getattr(packed, harm.removesuffix(" cut"))
        other = msgspec.structs.replace(packed, **{harm.removesuffix(" cut"): Table(table.texts, 1, table.rows)})
    data = msgspec.msgpack.encode(other)
    with database:
        database.execute("UPDATE linked SET packed = ?, checksum = ?", (data, 0 if harm == "rotten" else crc32(data)))
    database.close()
    again = knows(root, store)
    assert again.edges == whole.edges
    assert (again.stats.loaded, again.stats.resolved) == (len(SHOP), len(SHOP))


KILLED = """
import os, signal, sys
from pathlib import Path
from bridle.indexer.graph import symbol_graph
from bridle.indexer.index import Index

def on_progress(n_done, n_files):
    if n_done == 1_100:
        os.killpg(0, signal.SIGKILL)

Index(Path(sys.argv[1]), Path(sys.argv[2]), workers=2).refresh(on_progress)
"""


@pytest.mark.slow
def test_what_was_read_before_a_kill_is_not_read_again(tmp_path: Path) -> None:
    root, store = tmp_path / "tree", tmp_path / "index.db"
    plant(root, {f"m{n}.py": f"def f{n}(): pass\n" for n in range(1_200)})
    argv = [sys.executable, "-c", KILLED, str(root), str(store)]
    assert subprocess.run(argv, check=False, start_new_session=True, timeout=120).returncode == -signal.SIGKILL
    again = knows(root, store)
    assert again.stats.loaded == 2 * SAVE_EVERY
    assert (again.stats.files, again.stats.parsed) == (1_200, 1_200 - 2 * SAVE_EVERY)


def knows(root: Path, store: Path | None = None, *, read_only: bool = False) -> Snapshot:
    index = Index(root, store, workers=1, read_only=read_only)
    try:
        return index.refresh()
    finally:
        index.close()


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["garbage", "cut", "other make", "rotten row", "folder"])
def test_a_store_that_is_harmed_is_rebuilt(root: Path, tmp_path: Path, harm: str) -> None:
    store = tmp_path / "index.db"
    whole = knows(root, store)
    if harm == "garbage":
        store.write_bytes(os.urandom(5_000))
    elif harm == "cut":
        store.write_bytes(store.read_bytes()[:5_000])
    elif harm == "folder":
        store.unlink()
        store.mkdir()
    else:
        statement = "UPDATE make SET of = 'x'" if harm == "other make" else "UPDATE files SET outcome = x'00'"
        database = sqlite3.connect(store)
        with database:
            database.execute(statement)
        database.close()
    again = knows(root, store)
    assert again.edges == whole.edges
    assert again.stats.parsed == len(SHOP)
    assert knows(root, store).stats.parsed == (len(SHOP) if harm == "folder" else 0)


FULL = """
import resource, signal, sys
from pathlib import Path
from bridle.indexer.index import Index

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
index = Index(Path(sys.argv[1]), Path(sys.argv[2]), workers=1)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # no file may grow beyond that: the disk is full
snapshot = index.refresh()
print(snapshot.complete, snapshot.stats.files, bool(snapshot.work.unkept), len(snapshot.named("f7")))
index.close()
"""


@pytest.mark.slow
def test_on_a_full_disk_all_is_known_and_it_is_told_that_nothing_was_kept(tmp_path: Path) -> None:
    root, store = tmp_path / "tree", tmp_path / "index.db"
    plant(root, {f"m{n}.py": f"def f{n}(): pass\n" * 50 for n in range(40)})
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(root), str(store)], check=True, capture_output=True, text=True, timeout=60
    )
    assert ran.stdout == "True 40 True 50\n"
    assert knows(root, store).work.unkept == ""
    assert knows(root, store).stats.parsed == 0


@pytest.mark.slow
def test_a_clock_that_went_back_hides_no_change(root: Path, tmp_path: Path) -> None:
    store, tax = tmp_path / "index.db", root / "src/shop/tax.py"
    knows(root, store)
    later = tax.stat()
    for change, moment in (("RATE = 4", -(10**9)), ("RATE = 5", 10**12)):
        tax.write_text(SHOP["src/shop/tax.py"].replace("RATE = 3", change))
        os.utime(tax, ns=(later.st_atime_ns, later.st_mtime_ns + moment))
        assert knows(root, store).digests["src/shop/tax.py"] == digest(tax.read_bytes())
    tax.write_text(SHOP["src/shop/tax.py"].replace("RATE = 3", "RATE = 6"))
    os.utime(tax, ns=(later.st_atime_ns, later.st_mtime_ns + 10**12))  # the same stat as a moment ago
    assert knows(root, store).digests["src/shop/tax.py"] == digest(tax.read_bytes())


@pytest.mark.slow
def test_a_follower_reads_the_store_and_writes_none(root: Path, tmp_path: Path) -> None:
    store = tmp_path / "index.db"
    assert knows(root, store, read_only=True).stats.files == len(SHOP)
    assert not store.exists()
    knows(root, store)
    plant(root, {"src/shop/new.py": "x = 1\n"})
    follower = knows(root, store, read_only=True)
    assert (follower.stats.loaded, follower.stats.parsed) == (len(SHOP), 1)
    assert knows(root, store).stats.parsed == 1


def test_a_follower_that_takes_over_writes_all_it_knows(root: Path, tmp_path: Path) -> None:
    store = tmp_path / "index.db"
    index = Index(root, store, workers=1, read_only=True)
    index.refresh()
    index.own()
    index.close()
    assert knows(root, store).stats.parsed == 0


@pytest.mark.slow
def test_a_cancelled_refresh_keeps_what_it_has_read(tmp_path: Path) -> None:
    plant(tmp_path, {f"m{n}.py": f"def f{n}(): pass\n" for n in range(600)})
    index, cancel, seen = Index(tmp_path, None, workers=1), threading.Event(), list[tuple[int, int]]()

    def watch(n_done: int, n_files: int) -> None:
        seen.append((n_done, n_files))
        if n_done == 20:
            cancel.set()

    try:
        partial = index.refresh(watch, cancel)
        assert not partial.complete
        assert 20 <= partial.stats.files < 600
        assert seen[:2] == [(1, 600), (2, 600)]
        rest = index.refresh()
        assert rest.complete
        assert rest.stats.parsed == 600 - partial.stats.files
    finally:
        index.close()


def test_bad_input_is_skipped_with_reasons_and_the_rest_is_known(tmp_path: Path) -> None:
    plant(tmp_path, {"good.py": "def good(): pass\n", "deep.py": "(" * 100_000 + ")" * 100_000 + "\n"})
    with (tmp_path / "huge.py").open("wb") as huge:
        huge.truncate(1 << 30)
    (tmp_path / "min.py").write_bytes(b"x=1;" * 30_000)
    (tmp_path / "nul.py").write_bytes(b"x = 1\n\0")
    (tmp_path / "latin.py").write_bytes(b"caf\xe9 = 1\n")
    (tmp_path / "declared.py").write_bytes(b"# coding: latin-1\ndef caf\xe9(): pass\n")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "empty.py").touch()
    os.mkfifo(tmp_path / "pipe.py")
    snapshot = knows(tmp_path)
    reasons = {skipped.path: skipped.reason for skipped in snapshot.skipped}
    assert {"huge.py", "min.py", "nul.py", "latin.py", "loop.py", "pipe.py"} <= set(reasons)
    assert {"good.py", "declared.py", "empty.py"} <= set(snapshot.digests)
    assert [symbol.name for symbol in snapshot.in_file("declared.py")] == ["declared", "café"]
    assert snapshot.digests["declared.py"] == digest((tmp_path / "declared.py").read_bytes())


def test_an_unreadable_file_is_skipped_with_the_reason(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "x = 1\n", "sub/b.py": ""})
    (tmp_path / "a.py").chmod(0)
    (tmp_path / "sub").chmod(0)
    if os.access(tmp_path / "a.py", os.R_OK):
        pytest.skip("this user may read everything")
    snapshot = knows(tmp_path)
    (tmp_path / "sub").chmod(0o755)
    reasons = {skipped.path: skipped.reason for skipped in snapshot.skipped}
    assert reasons == {"a.py": "unreadable: Permission denied", "sub": "unreadable folder: Permission denied"}


def test_an_empty_workspace_is_known_completely(tmp_path: Path) -> None:
    snapshot = knows(tmp_path)
    assert snapshot.complete
    assert snapshot.stats.files == 0
    assert snapshot.search("anything", 5) == []
    assert snapshot.edges == ()


def test_a_file_that_comes_and_goes_leaves_no_trace(root: Path, index: Index) -> None:
    before = index.refresh()
    plant(root, {"src/shop/extra.py": "from shop.tax import with_tax\n\ndef use(): with_tax(1)\n"})
    with_extra = index.refresh()
    assert len(with_extra.callers(ids("src/shop/tax.py::with_tax")[0])) == 2
    (root / "src/shop/extra.py").unlink()
    after = index.refresh()
    assert after.edges == before.edges
    assert after.digests == before.digests
    assert after.search("use tax", 9) == before.search("use tax", 9)


def test_the_index_loads_no_heavy_library() -> None:
    heavy = ("anthropic", "pygls", "networkx", "numpy", "tree_sitter")
    program = f"import sys, bridle.indexer.index; print([m for m in {heavy!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
