"""Bytes to text and back, exactly: what was decoded encodes to the very same bytes.

A byte order mark decides, else the zero bytes that give UTF-16 away, else a declaration (PEP 263, Emacs and Vim
modelines, an XML declaration, HTML's meta, CSS's @charset), else UTF-8. Nothing is guessed: a file that is not
UTF-8 and does not say what it is stays unread.
"""

from __future__ import annotations

import codecs
import re

import msgspec

_BOMS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-32-le": codecs.BOM_UTF32_LE,  # before UTF-16, whose mark is its beginning
    "utf-32-be": codecs.BOM_UTF32_BE,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
_DECLARATION = re.compile(
    rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]{1,40})"
    rb"|^.{0,40}?-\*-.{0,200}?coding:[ \t]*([-\w.]{1,40}).{0,200}?-\*-"
    rb"|^.{0,40}?\bvim?:.{0,200}?fileencoding=([-\w.]{1,40})"
)
_MARKUP = re.compile(
    rb"\A<\?xml[^>]{0,200}?\bencoding[ \t\r\n]*=[ \t\r\n]*[\"']([-\w.]{1,40})"
    rb"|\A@charset \"([-\w.]{1,40})\";"
    rb"|\A\s{0,100}(?=<(?:!doctype[ ]html|html|head|meta)\b).{0,1000}?<meta[^>]{0,200}?charset=[\"']?([-\w.]{1,40})",
    re.IGNORECASE | re.DOTALL,
)
_SNIFFED_BYTES = 4_096
_BLANK = re.compile(rb"^[ \t\f]*(?:#|$)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_READ = re.compile(
    r"utf-8|ascii|iso8859-\d+|cp(?:125\d|437|85\d|866|874|932|949|950)|koi8-[rtu]|mac-roman"
    r"|shift_jis|euc_(?:jp|kr)|gb2312|gbk|gb18030|big5"
)


class UndecodableError(ValueError):
    """The bytes are not text that we can give back unchanged; the message says why."""


class Decoded(msgspec.Struct, frozen=True):
    """A file's text without its byte order mark, and what `encode` needs to make the same bytes again."""

    text: str
    encoding: str
    bom: bool


def decode(data: bytes) -> Decoded:
    """Return the text of `data`.

    Raises:
        UndecodableError: it is neither UTF-8 nor what it declares, or would not come back byte for byte.
    """
    for encoding, bom in _BOMS.items():
        if data.startswith(bom):
            return Decoded(_text(data[len(bom) :], encoding), encoding, bom=True)
    encoding = _wide(data) or _markup(data) or _declared(data)
    return Decoded(_text(data, encoding), encoding, bom=False)


def fresh_encoding(text: str) -> str:
    """Return the encoding that a new file of `text` declares, UTF-8 where it declares none that we write."""
    data = text.encode("utf-8", "replace")
    try:
        return _known(_marked(data)) or _declared(data)
    except UndecodableError:
        return "utf-8"


def text_of(data: bytes | None) -> str | None:
    """Return the text of `data`; None where there is none, and where it is no text."""
    try:
        return None if data is None else decode(data).text
    except UndecodableError:
        return None


def encode(text: str, encoding: str, bom: bool) -> bytes:
    """Return the bytes of `text`; the inverse of `decode`.

    Raises:
        UnicodeEncodeError: a character has no place in `encoding`.
    """
    return (_BOMS[encoding] if bom else b"") + text.encode(encoding)


def _text(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
        same = encoding == "utf-8" or text.encode(encoding) == data
    except UnicodeError as error:
        raise UndecodableError(f"not {encoding}: {error}") from error
    if not same:
        raise UndecodableError(f"declared as {encoding}, but would not be written back byte for byte")
    return text


def _wide(data: bytes) -> str:
    """Return UTF-16 where nearly every other byte is zero and no character is, as in a text of our scripts."""
    head = data[:_SNIFFED_BYTES]
    if len(data) % 2 or len(data) < 4 or b"\0" not in head:
        return ""
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        wide = zeros.count(0) * 10 >= len(zeros) * 9
        if wide and head.count(0) == zeros.count(0):
            return encoding
    return ""


def _markup(data: bytes) -> str:
    """Return what XML, HTML or CSS declares, "" for none. What is UTF-8 beyond doubt is that, whatever it declares."""
    name = _marked(data)
    if not name:
        return ""
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeError:
            return _known(name) or _refused(name)
        return "utf-8"
    return _known(name) or "utf-8"


def _marked(data: bytes) -> str:
    match = _MARKUP.match(data[:_SNIFFED_BYTES])
    return next(part for part in match.groups() if part).decode("ascii") if match else ""


def _known(name: str) -> str:
    """Return the codec that `name` means, "" where we do not read it."""
    try:
        known = codecs.lookup(name).name if name else ""
    except LookupError:
        known = ""
    return known if _READ.fullmatch(known) else ""


def _refused(name: str) -> str:
    raise UndecodableError(f"declares the encoding {name!r}, which is not one that we read")


def _declared(data: bytes) -> str:
    first, *rest = _LINE_END.split(data[:1000], maxsplit=2)
    match = _DECLARATION.match(first)
    if match is None and rest and _BLANK.match(first):
        match = _DECLARATION.match(rest[0])
    if match is None:
        return "utf-8"
    name = next(part for part in match.groups() if part).decode("ascii")
    return _known(name) or _refused(name)
