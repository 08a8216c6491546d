"""In which languages a client is led around its code: where the person wants it, and no other server does it already.

A server cannot see its neighbours. Our plug-ins tell them (`bridle/neighbours`: names by language id). A client that
gives a document to one server has none; of any other that tells nothing, nobody knows, and `fallback` is silent there.
What is offered is registered language by language, and taken back when a neighbour comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from lsprotocol import types as lsp

from bridle.indexer.languages.readers import BASH, READERS, SCRIPTS, TEXTS, family
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.documents import Document
from bridle.lsp_server.editor import Editor
from bridle.lsp_server.settings import Navigation

METHODS = (
    lsp.TEXT_DOCUMENT_DEFINITION,
    lsp.TEXT_DOCUMENT_REFERENCES,
    lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL,
    lsp.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY,
    lsp.TEXT_DOCUMENT_PREPARE_TYPE_HIERARCHY,
    lsp.WORKSPACE_SYMBOL,
)
MAX_LANGUAGES = 500
_IDS = {
    SCRIPTS.name: ("javascript", "javascriptreact", "typescript", "typescriptreact"),
    BASH.name: ("shellscript", "sh", "bash"),
    "csharp": ("csharp", "cs"),
    "json": ("json", "jsonc"),
}

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    reader.name: _IDS.get(reader.name, (reader.name,)) for reader in (*READERS, *TEXTS)
}
"""The protocol's names of each language that is indexed."""


def offered_at_once(client: Client, navigation: Navigation | None) -> Collection[str]:
    """Return what is offered in the answer to `initialize`: what a client must know then or never."""
    wanted = navigation == "on" or (navigation != "off" and client.alone)
    return [method for method in METHODS if method not in client.registers] if wanted else ()


def read_neighbours(params: object) -> Mapping[str, tuple[str, ...]]:
    """Return the names by language in what a plug-in sent, whatever it is; languages without one left out."""
    told = _mapping(_mapping(params).get("languages"))
    found: dict[str, tuple[str, ...]] = {}
    for language, names in list(told.items())[:MAX_LANGUAGES]:
        if isinstance(names, Sequence) and not isinstance(names, str) and names:
            found[language] = tuple(str(name) for name in cast("Sequence[object]", names))
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return {str(key): item for key, item in cast("Mapping[object, Any]", value).items()}
    fields = getattr(value, "_asdict", None)
    return fields() if fields is not None else {}


class Neighbours:
    """What the client said of other servers, and what it was offered in return."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._told: Mapping[str, tuple[str, ...]] | None = None
        self._navigation: Navigation = "off"
        self._registered: tuple[str, ...] = ()
        self._turn = asyncio.Lock()

    def take(self, told: Mapping[str, tuple[str, ...]]) -> None:
        """Take what the plug-in says of other servers, in place of what it said before."""
        self._told = told

    def want(self, navigation: Navigation) -> None:
        """Take what the person wants."""
        self._navigation = navigation

    def serves(self, document: Document) -> bool:
        """Whether requests on a document are answered."""
        return document.path is not None and bool(family(document.path)) and self._serves(document.language)

    @property
    def serves_any(self) -> bool:
        """Whether requests on the documents of any language are answered."""
        return any(self._serves(one) for ids in LANGUAGES.values() for one in ids)

    def left_out(self) -> tuple[str, ...]:
        """Return the languages, by the index's names, that another server tells all of."""
        return tuple(name for name, ids in LANGUAGES.items() if not any(self._serves(one) for one in ids))

    def _serves(self, language: str) -> bool:
        if self._navigation != "fallback":
            return self._navigation == "on"
        if self._told is None:
            return self._client.alone
        return language not in self._told

    async def offer(self, editor: Editor) -> None:
        """Register what is served now, and nothing else. Several calls run one after the other."""
        async with self._turn:
            wanted = tuple(one for ids in LANGUAGES.values() for one in ids if self._serves(one))
            methods = [method for method in METHODS if method in self._client.registers]
            if wanted == self._registered or not methods:
                return
            if self._registered:
                await editor.unregister([lsp.Unregistration(id=_id(method), method=method) for method in methods])
                self._registered = ()
            if wanted and await editor.register([_registration(method, wanted) for method in methods]):
                self._registered = wanted


def _registration(method: str, languages: Sequence[str]) -> lsp.Registration:
    selector = [{"language": language, "scheme": "file"} for language in languages]
    options = {} if method == lsp.WORKSPACE_SYMBOL else {"documentSelector": selector}
    return lsp.Registration(id=_id(method), method=method, register_options=options)


def _id(method: str) -> str:
    return f"bridle {method}"
