"""What this client can do, read once from `initialize` and frozen; and what the server offers it in return.

A client that declares nothing gets everything by the plainest means: commands, whole messages, plain changes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from lsprotocol import types as lsp

from bridle.indexer.text import PositionEncoding

SHOWS_ERRORS = ("Visual Studio Code", "Code - OSS", "code-server", "VSCodium", "Cursor", "Neovim", "Emacs")
"""Clients that show the person why a command was refused; to others it is shown as a message as well."""

MODAL = ("Neovim", "Emacs", "helix")
"""Clients in which a question stops the person's typing: asked only what they set off themselves."""

ONE_LINE = ("helix",)
"""Clients that show a message in one line, its lines run together."""

SHUFFLING = ("helix",)
"""Clients that, before they had questions, sent each change from a task of its own: a later one may come first."""

FOLLOWS_LINKS = ("Visual Studio Code", "Code - OSS", "code-server", "VSCodium", "Cursor")
"""Clients in which a link to a line of a file, in a hover, leads there."""

ONE_SERVER = ("Eglot",)
"""Clients that give a document to one server only."""


class Client(msgspec.Struct, frozen=True):
    """One editor's abilities."""

    name: str = ""
    encoding: PositionEncoding = "utf-16"
    document_changes: bool = False
    apply_edit: bool = False
    confirms_edits: bool = False
    code_action_literals: bool = False
    disabled_actions: bool = False
    related_information: bool = False
    code_description: bool = False
    progress: bool = False
    show_document: bool = False
    questions: bool = False
    configuration: bool = False
    status: bool = False
    code_lens: bool = False
    lens_refresh: bool = False
    hover_markdown: bool = False
    registers: frozenset[str] = frozenset()
    nested_symbols: bool = False
    tells_neighbours: bool = False
    shows_runs: bool = False

    @property
    def alone(self) -> bool:
        """Whether a document has no other server in this client, ever."""
        return self.name.startswith(ONE_SERVER)

    @property
    def follows_links(self) -> bool:
        """Whether a link in a hover leads to the line of a file."""
        return self.name.startswith(FOLLOWS_LINKS)

    @property
    def modal(self) -> bool:
        """Whether a question stops the person's typing."""
        return self.name.startswith(MODAL)

    @property
    def one_line(self) -> bool:
        """Whether a message has one line."""
        return self.name.startswith(ONE_LINE)

    @property
    def shuffles_changes(self) -> bool:
        """Whether changes may come in another order than they were made, counted one by one."""
        return self.name.startswith(SHUFFLING) and not self.questions

    @property
    def shows_errors(self) -> bool:
        """Whether the person sees why a command was refused."""
        return self.name.startswith(SHOWS_ERRORS)

    @property
    def one_edit_per_document(self) -> bool:
        """Whether an edit of several documents is checked by the version of its first one only."""
        return self.name.startswith("Neovim") or not self.document_changes


def read_client(params: lsp.InitializeParams) -> Client:
    """Return what the client declared; what it left out it cannot do."""
    declared = params.capabilities
    name = params.client_info.name if params.client_info else ""
    document = declared.text_document or lsp.TextDocumentClientCapabilities()
    window = declared.window or lsp.WindowClientCapabilities()
    workspace = declared.workspace or lsp.WorkspaceClientCapabilities()
    diagnostics = document.publish_diagnostics or lsp.PublishDiagnosticsClientCapabilities()
    actions = document.code_action or lsp.CodeActionClientCapabilities()
    edit = workspace.workspace_edit or lsp.WorkspaceEditClientCapabilities()
    return Client(
        name=name,
        encoding=_encoding(name, declared.general.position_encodings if declared.general else None),
        document_changes=bool(edit.document_changes) or name.startswith("Neovim"),
        apply_edit=bool(workspace.apply_edit),
        confirms_edits=bool(workspace.apply_edit) and edit.change_annotation_support is not None,
        code_action_literals=actions.code_action_literal_support is not None,
        disabled_actions=bool(actions.disabled_support),
        related_information=bool(diagnostics.related_information),
        code_description=bool(diagnostics.code_description_support),
        progress=bool(window.work_done_progress),
        show_document=bool(window.show_document and window.show_document.support),
        questions=window.show_message is not None,
        configuration=bool(workspace.configuration),
        status=_declares(declared.experimental, "bridleStatus"),
        tells_neighbours=_declares(declared.experimental, "bridleNeighbours"),
        shows_runs=_declares(declared.experimental, "bridleSessions"),
        registers=_registers(document, workspace),
        nested_symbols=bool(document.document_symbol and document.document_symbol.hierarchical_document_symbol_support),
        code_lens=document.code_lens is not None,
        hover_markdown=_first_is_markdown(document.hover.content_format if document.hover else None),
        lens_refresh=bool(workspace.code_lens and workspace.code_lens.refresh_support),
    )


def server_capabilities(client: Client, commands: Sequence[str], leads: Collection[str] = ()) -> lsp.ServerCapabilities:
    """Return what is offered to `client`; `leads` are the requests for the way around code that it is offered now."""
    return lsp.ServerCapabilities(
        position_encoding=lsp.PositionEncodingKind(client.encoding),
        text_document_sync=lsp.TextDocumentSyncOptions(
            open_close=True,
            change=lsp.TextDocumentSyncKind.Incremental,
            save=lsp.SaveOptions(include_text=False),
        ),
        code_action_provider=lsp.CodeActionOptions(code_action_kinds=list(ACTION_KINDS)),
        hover_provider=True,
        code_lens_provider=lsp.CodeLensOptions() if client.code_lens else None,
        execute_command_provider=lsp.ExecuteCommandOptions(commands=list(commands)),
        workspace=lsp.WorkspaceOptions(
            workspace_folders=lsp.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True),
            file_operations=lsp.FileOperationOptions(did_rename=_ALL_FILES, did_delete=_ALL_FILES),
        ),
        workspace_symbol_provider=lsp.WORKSPACE_SYMBOL in leads or None,
        document_symbol_provider=lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL in leads or None,
        definition_provider=lsp.TEXT_DOCUMENT_DEFINITION in leads or None,
        references_provider=lsp.TEXT_DOCUMENT_REFERENCES in leads or None,
        call_hierarchy_provider=lsp.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY in leads or None,
        type_hierarchy_provider=lsp.TEXT_DOCUMENT_PREPARE_TYPE_HIERARCHY in leads or None,
    )


def _registers(
    document: lsp.TextDocumentClientCapabilities, workspace: lsp.WorkspaceClientCapabilities
) -> frozenset[str]:
    """Return the requests for the way around code that the client takes offers of at any time."""
    declared = {
        lsp.WORKSPACE_SYMBOL: workspace.symbol,
        lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL: document.document_symbol,
        lsp.TEXT_DOCUMENT_DEFINITION: document.definition,
        lsp.TEXT_DOCUMENT_REFERENCES: document.references,
        lsp.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: document.call_hierarchy,
        lsp.TEXT_DOCUMENT_PREPARE_TYPE_HIERARCHY: document.type_hierarchy,
    }
    return frozenset(method for method, said in declared.items() if said is not None and said.dynamic_registration)


_ALL_FILES = lsp.FileOperationRegistrationOptions(
    filters=[lsp.FileOperationFilter(scheme="file", pattern=lsp.FileOperationPattern(glob="**/*"))]
)
ACTION_KINDS = (lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.RefactorRewrite, "source.bridle")


def _encoding(name: str, offered: Sequence[lsp.PositionEncodingKind | str] | None) -> PositionEncoding:
    """Choose how columns count: UTF-8 where it may, but in Neovim what the servers beside us use."""
    known = [str(getattr(kind, "value", kind)) for kind in offered or ()]
    if name.startswith("Neovim") and "utf-16" in known:
        return "utf-16"
    for wanted in ("utf-8", "utf-16", "utf-32"):
        if wanted in known:
            return wanted
    return "utf-16"


def _first_is_markdown(formats: Sequence[lsp.MarkupKind | str] | None) -> bool:
    """Tell whether the client would rather have Markdown than plain text."""
    return bool(formats and str(getattr(formats[0], "value", formats[0])) == "markdown")


def _declares(experimental: object, name: str) -> bool:
    """Tell whether our own plug-in declares something of ours."""
    if isinstance(experimental, dict):
        return experimental.get(name) is True  # pyright: ignore[reportUnknownMemberType]  # as it was sent
    return getattr(experimental, name, False) is True
