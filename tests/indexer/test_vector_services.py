"""Vectors of other programs: a real chroma server, and chroma's own embedding functions against one on this machine."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from bridle.context.redact import hidden
from bridle.harness.embedding import chosen
from bridle.harness.model.keys import Key
from bridle.harness.settings import Embedding
from bridle.indexer.vectors.chroma import EmbedderError, StoreError, open_server
from bridle.indexer.vectors.embedders import Chosen
from bridle.indexer.vectors.lsa import unit
from bridle.indexer.vectors.store import VectorStore

pytestmark = pytest.mark.slow

START_S = 30.0
SECRET = "sk-ant-" + "a1B2c3D4" * 4


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A chroma server, as a person starts one."""
    folder, port = tmp_path_factory.mktemp("chroma"), free_port()
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as process:
        try:
            until = time.monotonic() + START_S
            while True:
                try:
                    open_server(f"http://127.0.0.1:{port}", "probe").close()
                    break
                except StoreError:
                    assert time.monotonic() < until
                    assert process.poll() is None
                    threading.Event().wait(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


ROWS = unit(np.random.default_rng(3).standard_normal((7, 5), dtype=np.float32))
DIGESTS = [f"{n:032x}" for n in range(7)]


def test_a_server_keeps_vectors_of_each_workspace_and_model_apart(server: str, tmp_path: Path) -> None:
    store = VectorStore(tmp_path, "one" * 8, server)
    assert store.load("model")[0] == []
    assert store.put(DIGESTS, ROWS), store.problem
    store.close()
    again = VectorStore(tmp_path / "elsewhere", "one" * 8, server)
    digests, rows = again.load("model")
    assert sorted(digests) == DIGESTS
    assert np.allclose(rows[np.argsort(digests)], ROWS, atol=1e-6)
    assert again.load("other")[0] == []
    again.close()
    stranger = VectorStore(tmp_path, "two" * 8, server)
    assert stranger.load("model")[0] == []
    stranger.drop_others()
    stranger.close()
    assert len(again.load("model")[0]) == 7
    assert again.forget(DIGESTS[:3])
    assert sorted(again.load("model")[0]) == DIGESTS[3:]
    again.close()
    assert not (tmp_path / "chroma").exists()


def test_nobody_at_the_address_is_told_in_bounded_time(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, "one" * 8, f"http://127.0.0.1:{free_port()}")
    assert store.load("model")[0] == []
    assert "no server answers at 127.0.0.1" in store.problem
    assert not store.put(DIGESTS, ROWS)


def test_somebody_who_says_nothing_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridle.indexer.vectors.chroma.REACH_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        store = VectorStore(tmp_path, "one" * 8, f"http://127.0.0.1:{mute.getsockname()[1]}")
        assert store.load("model")[0] == []
    assert "no server answers" in store.problem


class Service:
    """An HTTP server that speaks the embedding calls of Ollama and of OpenAI."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.keys: list[str | None] = []
        self.broken = False
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
                service.asked += texts
                service.keys.append(self.headers["Authorization"])
                vectors = [[float(len(text)), 1.0, 0.0] for text in texts][: 0 if service.broken else None]
                if self.path == "/api/embed":
                    answer: dict[str, object] = {"model": body["model"], "embeddings": vectors}
                else:
                    data = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(vectors)]
                    usage = {"prompt_tokens": 1, "total_tokens": 1}
                    answer = {"object": "list", "data": data, "model": body["model"], "usage": usage}
                encoded = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(encoded)))
                self.end_headers()
                self.wfile.write(encoded)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    opened = Service()
    yield opened
    opened.close()


def embedder(service: Service, kind: str) -> Chosen:
    address = f"{service.address}/v1" if kind == "openai" else service.address
    settings = Embedding(embedder=f"{kind}:some-model", address=address)
    made = chosen(settings, Key("a-key", "environment"))
    assert isinstance(made, Chosen)
    return made


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_functions_of_the_registry_give_vectors_of_length_one_and_are_shown_no_secret(
    service: Service, kind: str
) -> None:
    made = embedder(service, kind)
    vectors = made.embed(["a text", f"KEY = '{SECRET}'"])
    query = made.embed_query(f"who uses {SECRET}?")
    assert np.allclose(np.linalg.norm([*vectors, query], axis=1), 1)
    assert service.asked[0] == "a text"
    assert not any(SECRET in text for text in service.asked)
    assert "«secret:anthropic:" in service.asked[1]
    assert made.model_id.startswith(f"{kind}:some-model@")
    assert made.remote


def test_the_key_goes_to_the_service_in_its_header_alone(service: Service) -> None:
    made = embedder(service, "openai")
    made.embed(["a text"])
    assert service.keys == ["Bearer a-key"]
    assert "a-key" not in made.model_id


def test_an_answer_of_another_number_of_vectors_is_refused(service: Service) -> None:
    made = embedder(service, "ollama")
    service.broken = True
    with pytest.raises(EmbedderError, match="ollama:some-model"):
        made.embed(["a text"])


def test_a_service_that_is_gone_is_told(service: Service) -> None:
    made = embedder(service, "ollama")
    service.close()
    with pytest.raises(EmbedderError, match="gave no vectors") as caught:
        made.embed(["a text"])
    assert caught.value.next_step == "it is tried again later"


@pytest.mark.parametrize(
    ("name", "address", "told"),
    [
        ("nobody:x", "", "there is no embedder 'nobody'; there are lsa, "),
        ("voyage:voyage-code-3", "", "'voyage' cannot be used: .*install that package where Bridle is installed"),
        ("cohere:x", "http://127.0.0.1:1", "takes no address"),
    ],
)
def test_an_embedder_that_cannot_be_had_says_what_to_do(name: str, address: str, told: str) -> None:
    with pytest.raises(EmbedderError, match=told):
        Chosen(name, address=address, key="", redact=hidden)
