"""Reads `cargo --message-format=json`: what was compiled, what was said of it, and where the tests begin. Pure."""

from __future__ import annotations

import msgspec

from bridle.harness.verify.checkers.results import UnreadableError


class Code(msgspec.Struct, frozen=True):
    """The number of an error, or the name of a lint."""

    code: str


class Span(msgspec.Struct, frozen=True):
    """A place; 1-based, columns in characters."""

    file_name: str
    line_start: int
    line_end: int
    column_start: int
    column_end: int
    is_primary: bool = False
    label: str | None = None
    suggested_replacement: str | None = None
    suggestion_applicability: str | None = None


class Diagnostic(msgspec.Struct, frozen=True):
    """One complaint of the compiler, with what belongs to it."""

    message: str
    level: str
    spans: tuple[Span, ...] = ()
    children: tuple[Diagnostic, ...] = ()
    code: Code | None = None
    rendered: str | None = None


class Target(msgspec.Struct, frozen=True):
    """A library, a program, a test of a package."""

    name: str
    src_path: str
    kind: tuple[str, ...] = ()


class Profile(msgspec.Struct, frozen=True):
    """How it was compiled."""

    test: bool = False


class Message(msgspec.Struct, frozen=True):
    """One line; which of its parts are there depends on its reason."""

    reason: str
    manifest_path: str = ""
    target: Target | None = None
    message: Diagnostic | None = None
    profile: Profile = Profile()
    filenames: tuple[str, ...] = ()
    executable: str | None = None
    success: bool = False


class Built(msgspec.Struct, frozen=True):
    """What a build came to. `rest` is what was printed after it, by the tests themselves."""

    messages: tuple[Message, ...]
    finished: bool
    success: bool
    rest: str

    def complaints(self) -> tuple[tuple[str, Diagnostic], ...]:
        """Return manifest and complaint, each once: a library is compiled a second time for its own tests."""
        found: dict[tuple[str, str, tuple[tuple[str, int, int], ...]], tuple[str, Diagnostic]] = {}
        for one in self.messages:
            said = one.message
            if said is not None and said.level in ("error", "warning", "error: internal compiler error") and said.spans:
                where = tuple((span.file_name, span.line_start, span.column_start) for span in said.spans)
                found.setdefault((said.level, said.message, where), (one.manifest_path, said))
        return tuple(found.values())

    def spanless(self) -> tuple[str, ...]:
        """Return the errors that stand at no place: what the linker says, say."""
        said = [one.message for one in self.messages if one.message is not None]
        texts = [one.message for one in said if one.level == "error" and not one.spans and not _sums_up(one.message)]
        return tuple(dict.fromkeys(texts))

    def test_programs(self) -> tuple[Message, ...]:
        """Return the test programs that were built."""
        programs = {one.executable: one for one in self.messages if one.profile.test and one.executable}
        return tuple(programs.values())


def read_build(stdout: bytes) -> Built:
    """Return the build that these lines tell of; lines that are no JSON before its end are somebody's noise.

    Raises:
        UnreadableError: a line is cut short or garbled.
    """
    decoder = msgspec.json.Decoder(Message)
    messages: list[Message] = []
    lines = stdout.split(b"\n")
    for number, line in enumerate(lines):
        if not line.startswith(b'{"reason"'):
            continue
        try:
            message = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableError("the report is garbled") from error
        if message.reason == "build-finished":
            rest = b"\n".join(lines[number + 1 :]).decode("utf-8", "replace")
            return Built(tuple(messages), True, message.success, rest)
        messages.append(message)
    return Built(tuple(messages), False, False, "")


def _sums_up(message: str) -> bool:
    return message.startswith(("aborting due to", "could not compile"))
