"""`bridle key`: keep the model's key in the system's keyring, prove that it works, forget it.

It is never printed.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys

from bridle.cli.common import print_json
from bridle.harness.nouns import UserProblem


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("action", choices=["set", "test", "remove"], help="the key is asked for, or piped in")
    parser.add_argument(
        "--for",
        dest="embedder",
        metavar="NAME",
        help="the key of an embedder, as openai or voyage, or of a source, as source:tracker",
    )
    parser.add_argument("--json", action="store_true", help="print exactly one JSON document on standard output")


def main(options: argparse.Namespace) -> int:
    """Do what was asked; 1 when there is no key, or when the endpoint refuses it."""
    from bridle.harness.model.choose import endpoint_of
    from bridle.harness.model.keys import embedder_endpoint
    from bridle.harness.settings import model_environment

    environment = model_environment(os.environ)
    is_source = (options.embedder or "").startswith("source:")
    endpoint = embedder_endpoint(options.embedder) if options.embedder else endpoint_of(environment)
    endpoint = options.embedder if is_source else endpoint
    if is_source and options.action == "test":
        raise UserProblem(
            "the key of a source is tried by the run that asks it", "run a workflow that names the source"
        )
    test = _test_embedder if options.embedder else _test
    action = {"set": _set, "test": test, "remove": _remove}[options.action]
    done, said = action(environment, endpoint)
    if options.json:
        print_json({"action": options.action, "endpoint": endpoint, "done": done, "message": said})
    else:
        print(said)
    return 0 if done else 1


def _set(_environment: dict[str, str], endpoint: str) -> tuple[bool, str]:
    from bridle.harness.model.keys import store_key

    store_key(endpoint, _ask(endpoint))
    return True, f"the key for {endpoint} is in the keyring; 'bridle key test' tries it, for a token at most"


def _test_embedder(_environment: dict[str, str], endpoint: str) -> tuple[bool, str]:
    from bridle.harness.embedding import chosen
    from bridle.harness.model.keys import embedder_endpoint, take_embedder_key
    from bridle.harness.settings import Embedding, load_user, vectors_part
    from bridle.indexer.vectors.chroma import EmbedderError

    part = vectors_part(load_user())
    if embedder_endpoint(part.embedder.partition(":")[0]) != endpoint:
        raise UserProblem(
            f"the embedder that is set is {part.embedder!r}", "set vectors.embedder to the one to be tried"
        )
    try:
        embedder = chosen(Embedding(embedder=part.embedder, address=part.address), take_embedder_key(os.environ))
        n_dimensions = len(embedder.embed_query("a word"))
    except EmbedderError as error:
        raise UserProblem(error.message, error.next_step) from error
    return True, f"{embedder.model_id} answers with {n_dimensions} numbers"


def _ask(endpoint: str) -> str:
    """Return the key as typed without an echo, or as piped in; never from the command line, which others can
    see.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline(4096)
    try:
        return getpass.getpass(f"Key for {endpoint}: ")
    except EOFError as error:
        raise UserProblem("no key was given", "run it again and paste the key") from error


def _test(environment: dict[str, str], endpoint: str) -> tuple[bool, str]:
    from bridle.harness.model.choose import live_model
    from bridle.harness.model.client import ModelProblem
    from bridle.harness.model.keys import take_key
    from bridle.harness.model.live import LiveModel
    from bridle.harness.model.modelsfile import NAME, load_models
    from bridle.harness.settings import user_file

    model = live_model(environment, take_key(environment), endpoints=load_models(user_file().parent / NAME).endpoints)
    if model is None:
        raise UserProblem(f"there is no key for {endpoint}", "set one with: bridle key set")

    async def check(model: LiveModel) -> None:
        try:
            await model.check()
        finally:
            await model.close()

    try:
        asyncio.run(check(model))
    except ModelProblem as problem:
        raise UserProblem(problem.message, problem.next_step) from problem
    return True, f"{endpoint} knows the key and answers as {model.model}"


def _remove(environment: dict[str, str], endpoint: str) -> tuple[bool, str]:
    from bridle.harness.model.keys import VARIABLE, remove_key

    removed = remove_key(endpoint)
    still = f"; {VARIABLE} is still set in the environment" if environment.get(VARIABLE) else ""
    if removed:
        return True, f"the key for {endpoint} is gone from the keyring{still}"
    return False, f"there was no key for {endpoint} in the keyring{still}"
