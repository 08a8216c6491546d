"""Vectors of real folders in the real store: what is made, what is kept, and what bad luck does to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.vectors.chroma import EmbedderError
from bridle.indexer.vectors.lsa import Floats, Lsa
from bridle.indexer.vectors.store import VectorStore
from bridle.indexer.vectors.vectors import Vectors, told

pytestmark = pytest.mark.slow

WAIT_S = 60.0
TAX = """RATE = 3


def with_tax(price):
    return rounded(price * RATE)


def rounded(price):
    return round(price)
"""
SOCKET = """def connect(host, port):
    return open_socket(host, port)


def listen(port):
    return open_socket("", port)
"""


class Counted:
    """The fitted embedder as a person's own choice would be: of another name, and counted."""

    remote = False

    def __init__(self, name: str = "counted") -> None:
        self.model_id = name
        self.embedded: list[str] = []
        self.asked: list[str] = []
        self._lsa = Lsa.fit([("01", TAX), ("02", SOCKET), ("03", "def again(call): return call()")])

    def embed(self, texts: Sequence[str]) -> Floats:
        self.embedded += texts
        return self._lsa.embed(texts)

    def embed_query(self, text: str) -> Floats:
        self.asked.append(text)
        return self._lsa.embed_query(text)


class Shop:
    """A folder, its index, and where its vectors are kept."""

    def __init__(self, folder: Path) -> None:
        self.root, self.state = folder / "shop", folder / "state"
        self.root.mkdir()
        self.write("tax.py", TAX)
        self.write("net/socket.py", SOCKET)
        self.index = Index(self.root, None, workers=1)
        self._open: list[Vectors] = []

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(exist_ok=True)
        (self.root / path).write_text(text)

    def read(self, path: str) -> bytes | None:
        try:
            return (self.root / path).read_bytes()
        except OSError:
            return None

    def vectors(self, embedder: Counted | None = None, *, keep_from: int = 0, address: str = "") -> Vectors:
        chosen = (lambda: embedder) if embedder else None
        made = Vectors(self.state, "shop" * 8, self.read, embedder=chosen, keep_from=keep_from, address=address)
        self._open.append(made)
        return made

    def made(self, vectors: Vectors) -> Snapshot:
        """Index, and wait for the vectors of it."""
        snapshot = self.index.refresh()
        vectors.follow(snapshot)
        assert vectors.finish(WAIT_S)
        return snapshot

    def close(self) -> None:
        for vectors in self._open:
            vectors.close()
        self.index.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def names(vectors: Vectors, snapshot: Snapshot, text: str, limit: int = 2) -> list[str]:
    return [near.symbol for near in vectors.similar(snapshot, text, limit).hits]


def test_what_is_alike_is_found_and_nothing_is_missing(shop: Shop) -> None:
    vectors = shop.vectors()
    snapshot = shop.made(vectors)
    assert set(names(vectors, snapshot, "prices with rounded taxes")) == {"tax.py::with_tax", "tax.py::rounded"}
    standing = vectors.standing(snapshot)
    assert (standing.embedded, standing.missing, standing.problem) == (5, 0, "")
    assert standing.model.startswith("lsa-")
    assert told(shop.state) == standing


def test_a_question_embeds_itself_alone_and_once_and_touches_no_store(shop: Shop) -> None:
    embedder = Counted()
    vectors = shop.vectors(embedder)
    snapshot = shop.made(vectors)
    vectors.close()  # what answers below has no store any more
    n_embedded = len(embedder.embedded)
    assert names(vectors, snapshot, "sockets") == names(vectors, snapshot, "sockets")
    assert (len(embedder.embedded) - n_embedded, embedder.asked) == (0, ["sockets"])


def test_an_edit_embeds_its_own_text_and_moved_code_nothing(shop: Shop) -> None:
    embedder = Counted()
    vectors = shop.vectors(embedder)
    shop.made(vectors)
    embedder.embedded.clear()
    shop.write("tax.py", TAX.replace("round(price)", "int(price)"))
    shop.made(vectors)
    assert embedder.embedded == ["tax.py rounded\ndef rounded(price):\n    return int(price)"]
    embedder.embedded.clear()
    shop.write("net/socket.py", "\n\n\n" + SOCKET)
    shop.made(vectors)
    assert embedder.embedded == []


def test_following_does_no_work_on_the_path_of_a_keystroke(shop: Shop) -> None:
    embedder = Counted()
    vectors = shop.vectors(embedder)
    shop.made(vectors)
    embedder.embedded.clear()
    reads: list[str] = []
    vectors._cutter._read = reads.append
    vectors.pause()
    for n in range(50):
        shop.index.set_buffer("tax.py", TAX.replace("3", str(n)))
        vectors.follow(shop.index.snapshot)
    assert (embedder.embedded, reads) == ([], [])


def test_an_open_buffer_is_missing_until_it_is_embedded_and_an_older_snapshot_keeps_its_answer(shop: Shop) -> None:
    vectors = shop.vectors()
    before = shop.made(vectors)
    shop.index.set_buffer("tax.py", "def levy(price):\n    return price\n")
    after = shop.index.snapshot
    answer = vectors.similar(after, "rounded price", 9)
    assert answer.missing == 2
    assert not [near for near in answer.hits if near.symbol.startswith("tax.py")]
    assert "tax.py::rounded" in names(vectors, before, "rounded price")


def test_a_definition_that_is_gone_is_not_an_answer(shop: Shop) -> None:
    vectors = shop.vectors()
    shop.made(vectors)
    (shop.root / "tax.py").unlink()
    snapshot = shop.made(vectors)
    assert {near.symbol.partition("::")[0] for near in vectors.similar(snapshot, "price port", 9).hits} <= {
        "net/socket.py"
    }
    assert vectors.standing(snapshot).missing == 0


def test_the_next_process_embeds_nothing_anew(shop: Shop) -> None:
    vectors = shop.vectors(Counted())
    snapshot = shop.made(vectors)
    expected = vectors.similar(snapshot, "sockets", 3)
    vectors.close()
    embedder = Counted()
    again = shop.vectors(embedder)
    snapshot = shop.made(again)
    assert embedder.embedded == []
    assert again.similar(snapshot, "sockets", 3) == expected


def test_a_fit_is_used_again_by_the_next_process(shop: Shop) -> None:
    vectors = shop.vectors()
    model = vectors.standing(shop.made(vectors)).model
    vectors.close()
    again = shop.vectors()
    assert again.standing(shop.made(again)).model == model


def test_a_small_folder_is_fitted_anew_and_loads_no_store(shop: Shop) -> None:
    vectors = shop.vectors(keep_from=2_000)
    shop.made(vectors)
    assert not (shop.state / "chroma").exists()


def test_another_model_embeds_all_anew_and_its_predecessor_is_dropped(shop: Shop) -> None:
    vectors = shop.vectors(Counted("first"))
    shop.made(vectors)
    vectors.close()
    second = Counted("second")
    other = shop.vectors(second)
    snapshot = shop.made(other)
    assert len(second.embedded) == 5
    assert other.standing(snapshot).model == "second"
    other.close()
    first = Counted("first")
    shop.made(shop.vectors(first))
    assert len(first.embedded) == 5


def test_a_repository_that_doubled_is_fitted_anew_while_the_old_fit_answers(shop: Shop) -> None:
    vectors = shop.vectors()
    old = vectors.standing(shop.made(vectors)).model
    shop.write("bills.py", "\n\n".join(f"def bill_{n}(invoice):\n    return invoice.sum + {n}\n" for n in range(10)))
    shop.write("mails.py", "\n\n".join(f"def mail_{n}(letter):\n    return letter.stamp + {n}\n" for n in range(10)))
    vectors.pause()
    snapshot = shop.index.refresh()
    vectors.follow(snapshot)
    answer = vectors.similar(snapshot, "sockets", 3)
    assert (answer.model, answer.missing > 0, len(answer.hits) > 1) == (old, True, True)
    vectors.resume()
    assert vectors.finish(WAIT_S)
    standing = vectors.standing(snapshot)
    assert (standing.model != old, standing.missing) == (True, 0)
    assert names(vectors, snapshot, "sum of the invoice", 1)[0].startswith("bills.py::")


def test_an_embedder_that_fails_leaves_word_and_the_next_pass_goes_on(shop: Shop) -> None:
    class Failing(Counted):
        works = False

        def embed(self, texts: Sequence[str]) -> Floats:
            if not self.works:
                raise EmbedderError("no vectors today", "come back tomorrow")
            return super().embed(texts)

    embedder = Failing()
    vectors = shop.vectors(embedder)
    snapshot = shop.made(vectors)
    answer = vectors.similar(snapshot, "sockets", 3)
    assert (answer.hits, answer.missing) == ((), 5)
    assert answer.problem == "no vectors today; come back tomorrow"
    embedder.works = True
    vectors.follow(snapshot)
    assert vectors.finish(WAIT_S)
    assert vectors.standing(snapshot).missing == 0


CORRUPTIONS: dict[str, Callable[[Path], object]] = {
    "database overwritten": lambda chroma: (chroma / "chroma.sqlite3").write_bytes(os.urandom(50_000)),
    "database emptied": lambda chroma: (chroma / "chroma.sqlite3").write_bytes(b""),
    "database cut short": lambda chroma: os.truncate(chroma / "chroma.sqlite3", 30_000),
    "folder is a file": lambda chroma: (chroma.rename(chroma.with_name("was")), chroma.write_text("no folder")),
    "died while opening": lambda chroma: (chroma.parent / "opening").touch(),
}


@pytest.mark.parametrize("corrupt", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_a_store_that_cannot_be_read_is_made_anew(shop: Shop, corrupt: Callable[[Path], object]) -> None:
    vectors = shop.vectors(Counted())
    shop.made(vectors)
    vectors.close()
    corrupt(shop.state / "chroma")
    again = shop.vectors(Counted())
    snapshot = shop.made(again)
    standing = again.standing(snapshot)
    assert (standing.embedded, standing.missing, standing.problem) == (5, 0, "")
    again.close()
    embedder = Counted()
    shop.made(shop.vectors(embedder))
    assert embedder.embedded == []


def test_a_store_put_aside_is_told(shop: Shop) -> None:
    vectors = shop.vectors(Counted())
    shop.made(vectors)
    vectors.close()
    (shop.state / "chroma" / "chroma.sqlite3").write_bytes(os.urandom(50_000))
    again = shop.vectors(Counted())
    shop.made(again)
    found = told(shop.state)
    assert found is not None
    assert "could not be read and was begun anew" in found.note
    assert (shop.state / "chroma.broken" / "chroma.sqlite3").exists()


def test_a_place_that_cannot_be_written_is_done_without(shop: Shop) -> None:
    shop.state.write_text("a file where a folder should be")
    vectors = shop.vectors(Counted())
    snapshot = shop.made(vectors)
    standing = vectors.standing(snapshot)
    assert (standing.embedded, standing.missing) == (5, 0)
    assert "vectors are not kept" in standing.problem


WRITER = """
import sys
from pathlib import Path
import numpy as np
from bridle.indexer.vectors.lsa import unit
from bridle.indexer.vectors.store import VectorStore
store = VectorStore(Path(sys.argv[1]), "w" * 16)
store.load("model")
for n in range(10_000):
    rows = unit(np.random.default_rng(n).standard_normal((40, 16), dtype=np.float32))
    assert store.put([f"{n:06}-{k:02}" for k in range(40)], rows), store.problem
    print(n, flush=True)
"""


def test_kill_9_in_the_midst_of_writing_loses_no_row_that_was_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(30)]
        writer.send_signal(signal.SIGKILL)
        acknowledged = int((said + writer.stdout.read().splitlines())[-1])
    store = VectorStore(tmp_path, "w" * 16)
    digests, rows = store.load("model")
    store.close()
    assert acknowledged >= 29
    assert {f"{n:06}-{k:02}" for n in range(acknowledged + 1) for k in range(40)} <= set(digests)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    assert store.note == ""


QUIET = """
import json, os, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(f"{event} {args[1:]}") if event in (
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto") else None)
import time
from pathlib import Path
import numpy as np
from bridle.indexer.vectors.store import VectorStore
from bridle.indexer.vectors.chroma import functions
store = VectorStore(Path(sys.argv[1]), "w" * 16)
store.load("model")
assert store.put(["a" * 32], np.array([[1, 0]], np.float32)), store.problem
store.forget(["a" * 32])
functions()
fds = [Path("/proc/self/fd", fd) for fd in os.listdir("/proc/self/fd")]
links = [os.readlink(fd) for fd in fds if fd.is_symlink()]
internet = "".join(Path(f"/proc/self/net/{kind}").read_text() for kind in ("tcp", "tcp6", "udp", "udp6")).split()
sockets = [link for link in links if link.startswith("socket:") and link[8:-1] in internet]
store.close()
print(json.dumps([opened, sockets]))
"""


def test_the_store_of_this_machine_opens_no_connection(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / ".env").write_text("ANONYMIZED_TELEMETRY=True\nCHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\n")
    done = subprocess.run(
        [sys.executable, "-c", QUIET, str(tmp_path / "store")],
        cwd=tmp_path / "here",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[[], []]"


def test_closing_waits_for_no_long_work(shop: Shop) -> None:
    vectors = shop.vectors(Counted())
    vectors.follow(shop.index.refresh())
    vectors.pause()
    began = time.monotonic()
    vectors.close()
    assert time.monotonic() - began < 5
    assert not vectors.finish(0.1)


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from bridle.indexer.vectors.lsa import unit
from bridle.indexer.vectors.store import VectorStore
store = VectorStore(Path(sys.argv[1]), "w" * 16)
store.load("model")
rows = unit(np.random.default_rng(0).standard_normal((40, 64), dtype=np.float32))
assert store.put([f"first-{k}" for k in range(40)], rows), store.problem
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
kept = [store.put([f"{n}-{k}" for k in range(400)], np.repeat(rows, 10, axis=0)) for n in range(5)]
print(kept[-1], store.problem)
"""


def test_a_disk_that_is_full_is_told_and_what_was_kept_before_stays(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True, timeout=WAIT_S
    )
    assert done.stdout.startswith("False vectors are not kept: ")
    store = VectorStore(tmp_path, "w" * 16)
    digests, _ = store.load("model")
    store.close()
    assert {f"first-{k}" for k in range(40)} <= set(digests)
    assert (store.problem, store.note) == ("", "")
