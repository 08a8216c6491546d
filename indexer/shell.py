"""A line of shell as data: every command in it with its words, and all that is more than plain words.

Read by tree-sitter-bash, and once more by `shlex`: where the two do not find the same words, the line says so. A word
is `plain` when the shell hands it on as it is written, quotes taken off. What an expansion would give is told as far
as the line itself tells it, so that a name can be recognised; nothing may be concluded from it but suspicion. Knows
no policy and no program.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.languages.grammars import Grammar, grammar_of, parser_of
from bridle.indexer.shellwords import ansi_c, has_braces, outside_quotes, spread, unescaped, unescaped_in_quotes

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_BYTES = 16 * 1024
MAX_NODES = 20_000

UNREADABLE = "something that cannot be read as shell"
TOO_MUCH = "more than can be looked through"


def _of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PLAIN = _of(
    "program list pipeline redirected_statement command command_name word string string_content raw_string "
    "concatenation number file_redirect file_descriptor"
)
_PARTS_OF_ODD = _of(
    "variable_name special_variable_name heredoc_start heredoc_end heredoc_body heredoc_content do_group "
    "binary_expression unary_expression test_operator subscript"
)
_OPERATORS = frozenset(("&&", "||", ";", "|", "\n", ">", ">>", "<", ">&", "<&", "&>", "&>>", ">|", '"'))
_COMMANDS = frozenset(("command", "declaration_command", "unset_command", "test_command"))
_SAID = {
    "&": "a command in the background",
    "|&": "a pipe of both outputs",
    "ansi_c_string": "a quoting that spells letters by number",
    "arithmetic_expansion": "arithmetic",
    "brace_expression": "braces that become several words",
    "c_style_for_statement": "a loop",
    "case_statement": "a choice",
    "command_substitution": "a command whose output becomes words",
    "compound_statement": "a group of commands",
    "declaration_command": "a variable that is set for what follows",
    "expansion": "the value of a variable",
    "for_statement": "a loop",
    "function_definition": "a function",
    "heredoc_redirect": "a here-document",
    "herestring_redirect": "a here-string",
    "if_statement": "a choice",
    "negated_command": "a negation",
    "process_substitution": "a command whose output becomes a file",
    "simple_expansion": "the value of a variable",
    "subshell": "a shell of its own",
    "test_command": "a test of the shell",
    "translated_string": "a string that is translated",
    "unset_command": "a variable that is taken away",
    "while_statement": "a loop",
}
_UNSEEN = frozenset(("Cf", "Co", "Cn", "Zl", "Zp", "Zs"))
_CONTINUED = re.compile(r"(?<!\\)((?:\\\\)*)\\\n")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Word(msgspec.Struct, frozen=True):
    """One word. `texts` is what it becomes: one text, or several where braces or a separator spread it.

    `pattern` says that names of files may take its place; `raw` is how it is written.
    """

    texts: tuple[str, ...]
    raw: str
    plain: bool = True
    pattern: bool = False

    @property
    def text(self) -> str:
        """The word as one text."""
        return " ".join(self.texts)


class Command(msgspec.Struct, frozen=True):
    """One simple command, wherever in the line it stands; `inside` says in what, "" for in the open."""

    text: str
    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()
    inside: str = ""


class Redirect(msgspec.Struct, frozen=True):
    """Where input or output goes: the operator, and the file or descriptor."""

    operator: str
    target: Word


class Oddity(msgspec.Struct, frozen=True):
    """Something that is more than plain words: what it is, and how it is written."""

    what: str
    text: str


class Line(msgspec.Struct, frozen=True):
    """All that is in a line: it is plain when there are no `oddities`.

    `read` is False when there may be commands in it that were not found.
    """

    text: str
    commands: tuple[Command, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    read: bool = True


def read_line(text: str) -> Line:
    """Read one line of shell, or several. It never fails: what cannot be read is an oddity, and opaque."""
    odd: list[Oddity] = []
    if not text.isascii() and any(0xD800 <= ord(character) < 0xE000 for character in text):
        return Line(text, oddities=(Oddity("something that is not text", ""),), read=False)
    controls = sorted(set(_CONTROL.findall(text)))
    if controls:
        odd.append(Oddity("a control character", ", ".join(f"U+{ord(each):04X}" for each in controls)))
    unseen = sorted({each for each in text if not each.isascii() and unicodedata.category(each) in _UNSEEN})
    if unseen:
        odd.append(Oddity("a character that cannot be seen", ", ".join(f"U+{ord(each):04X}" for each in unseen)))
    joined = _CONTINUED.sub(r"\1", text)
    if joined != text and ("'" in text or "<<" in text):
        odd.append(Oddity("a line that goes on where that may be meant as it is written", ""))
    source = _CONTROL.sub("", joined.replace("\r", "\n")).encode()
    root = _parser().parse(_masked(source)).root_node if len(source) <= MAX_BYTES else None
    if root is None or root.descendant_count > MAX_NODES:
        return Line(text, oddities=(*odd, Oddity(TOO_MUCH, f"{len(text)} characters")), read=False)
    return _Reader(source, odd).line(text, root)


def _masked(source: bytes) -> bytes:
    """Put an ordinary character in the place of every byte beyond ASCII.

    They are ordinary characters of words to a shell. The grammar's scanner looks characters up in a table of the C
    library that ends long before Unicode does: some of them end the process that parses.
    """
    return _BEYOND_ASCII.sub(b",", source)


def _parser() -> Parser:
    grammar = grammar_of("line.sh")
    assert isinstance(grammar, Grammar)
    return parser_of(grammar)


class _Reader:
    """One reading of one text."""

    def __init__(self, source: bytes, odd: list[Oddity]) -> None:
        self._source = source
        self._odd = odd
        self._known: dict[str, str] = {}
        self._commands: list[Command] = []
        self._redirects: list[Redirect] = []
        self._behind: dict[int, list[Node]] = {}

    def line(self, text: str, root: Node) -> Line:
        """Walk the tree once, in the order of the text."""
        pending: list[tuple[Node, str]] = [(root, "")]
        while pending:
            node, around = pending.pop()
            inside = self._entered(node, around)
            self._take(node, inside if node.type in _COMMANDS and node.type != "command" else around)
            pending += [(child, inside) for child in reversed(node.children)]
        if not self._odd and not self._commands:
            self._odd.append(Oddity("no command", ""))
        if not self._odd and not self._is_read_alike(root):
            self._odd.append(Oddity("something that can be read in two ways", ""))
        read = all(oddity.what != UNREADABLE for oddity in self._odd)
        odd = tuple(dict.fromkeys(self._odd))
        return Line(text, tuple(self._commands), tuple(self._redirects), odd, read)

    def _take(self, node: Node, inside: str) -> None:
        if node.type in _COMMANDS:
            self._commands.append(self._command(node, inside))
        elif node.type == "variable_assignment":
            self._assigned(node)
        elif node.type == "file_redirect":
            operator = next((child.type for child in node.children if not child.is_named), "")
            self._redirects += [
                Redirect(operator, self._word(w)) for w in node.children_by_field_name("destination")[:1]
            ]
        elif node.type == "redirected_statement":
            self._keep_behind(node)

    def _entered(self, node: Node, around: str) -> str:
        """Note what is odd about a node; return what its children stand in."""
        kind, parent = node.type, node.parent
        if node.is_missing or kind == "ERROR":
            said = UNREADABLE
        elif kind == "variable_assignment":
            if parent is not None and parent.type in ("command", "declaration_command"):
                return around
            said = _SAID["declaration_command"]
        elif not node.is_named:
            if kind in _OPERATORS or parent is None or parent.type not in _PLAIN:
                return around
            said, node = _SAID.get(kind, repr(kind)), parent
        elif kind in _PLAIN or kind in _PARTS_OF_ODD:
            return around
        else:
            said = _SAID.get(kind, f"a {kind.replace('_', ' ')}")
        self._odd.append(Oddity(said, self._raw(node)))
        return around or said

    def _assigned(self, node: Node) -> tuple[str, Word]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        word = Word(("",), "") if value is None else self._word(value)
        key = "" if name is None else self._raw(name)
        self._known[key] = word.text
        return key, word

    def _command(self, node: Node, inside: str) -> Command:
        words: list[Word] = []
        assignments: list[tuple[str, Word]] = []
        for child in node.children:
            if child.type == "variable_assignment":
                name, value = self._assigned(child)
                assignments.append((name, value))
                if words:  # export A=b: the assignment is an argument too
                    words.append(Word((f"{name}={value.text}",), self._raw(child), value.plain))
            elif not child.type.endswith("_redirect") and (child.is_named or node.type != "command"):
                words.append(self._word(child))
        words += [self._word(each) for each in self._behind.get(node.id, ())]
        return Command(self._raw(node), tuple(words), tuple(assignments), inside)

    def _keep_behind(self, node: Node) -> None:
        """Words behind a redirect are words of the command; the grammar takes them for parts of the redirect."""
        behind: list[Node] = []
        for redirect in node.children_by_field_name("redirect"):
            for each in (redirect, *redirect.children_by_field_name("redirect")):
                behind += each.children_by_field_name("argument")
                behind += each.children_by_field_name("destination")[1:]
        owner: Node | None = node
        while owner is not None and owner.type in ("redirected_statement", "list", "pipeline"):
            inner = owner.child_by_field_name("body") if owner.type == "redirected_statement" else None
            last = owner.named_children[-1] if owner.named_children else None
            owner = inner or last
        if behind and (owner is None or owner.type != "command"):
            self._odd.append(Oddity("words behind a redirect", self._raw(node)))
        if behind and owner is not None:
            self._behind[owner.id] = behind + self._behind.get(owner.id, [])

    def _word(self, node: Node) -> Word:
        raw = self._raw(node)
        built = list(self._built(node))
        text = "".join(piece for piece, _ in built)
        braces = has_braces(raw)
        meant = all(is_meant for _, is_meant in built)
        texts = spread(text) if braces else tuple(text.split()) or ("",) if not meant else (text,)
        plain = meant and not braces and not re.match(r"~[^/]", raw)
        if not plain:
            self._odd.append(Oddity("a word that the shell rewrites", raw))
        return Word(texts, raw, plain, pattern=bool(re.search(r"[*?\[]", outside_quotes(raw))))

    def _built(self, node: Node) -> Iterator[tuple[str, bool]]:
        """Yield the texts that a word is made of, each with whether it is meant as it is written."""
        match node.type:
            case "word" | "number" if not node.named_children:
                yield unescaped(self._raw(node)), True
            case "string_content":
                yield unescaped_in_quotes(self._raw(node)), True
            case "raw_string":
                yield self._raw(node)[1:-1], True
            case "ansi_c_string":
                yield ansi_c(self._raw(node)[2:-1]), False
            case "simple_expansion" | "expansion":
                yield self._expanded(node), False
            case "command_substitution" | "process_substitution" | "arithmetic_expansion":
                yield "", False
            case "command_name" | "concatenation":
                for child in node.children:
                    yield from self._built(child)
            case "string" | "translated_string":
                yield from self._quoted(node)
            case _:
                yield self._raw(node), not node.is_named

    def _quoted(self, node: Node) -> Iterator[tuple[str, bool]]:
        """A string in double quotes: what its parts do not cover stands for itself."""
        at = node.start_byte
        for child in node.children:
            gap = self._source[at : child.start_byte].decode("utf-8", "replace")
            yield unescaped_in_quotes(gap), True
            if child.is_named:
                yield from self._built(child)
            at = child.end_byte

    def _expanded(self, node: Node) -> str:
        """Return what the line itself says that a variable holds: a known value, a default, else nothing."""
        names = [child for child in node.named_children if child.type.endswith("variable_name")]
        name = self._raw(names[0]) if names else ""
        if name in ("HOME", "IFS"):
            return "$HOME" if name == "HOME" else " "
        if name in self._known:
            return self._known[name]
        rest = [child for child in node.named_children if not child.type.endswith("variable_name")]
        return "".join(map(self._text, rest))

    def _text(self, node: Node) -> str:
        return "".join(text for text, _ in self._built(node))

    def _raw(self, node: Node) -> str:
        return self._source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _is_read_alike(self, root: Node) -> bool:
        """Whether another reader finds the same words and operators, in the same order."""
        lexer = shlex.shlex(self._source.decode(), posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, ""
        try:
            return list(lexer) == list(self._tokens(root))
        except ValueError:
            return False

    def _tokens(self, root: Node) -> Iterator[str]:
        pending = [root]
        while pending:
            node = pending.pop()
            if node.type in ("word", "string", "raw_string", "concatenation", "number"):
                yield self._text(node)
            elif node.type == "file_descriptor":
                yield self._raw(node)
            elif node.type == "variable_assignment":
                value = node.child_by_field_name("value")
                end = node.end_byte if value is None else value.start_byte
                name = self._source[node.start_byte : end].decode("utf-8", "replace")
                yield name + ("" if value is None else self._text(value))
            elif node.is_named:
                pending += reversed(node.children)
            elif node.type != "\n":
                yield node.type
