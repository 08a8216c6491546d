"""Bytes to text and back, exactly: what was decoded encodes to the very same bytes.

A byte order mark decides, else a declaration (PEP 263), else UTF-8. Nothing is guessed: a file that is not
UTF-8 and does not say what it is stays unread.
"""

from __future__ import annotations

import codecs
import re

import msgspec

_BOMS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_DECLARATION = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]{1,40})")
_BLANK = re.compile(rb"^[ \t\f]*(?:#|$)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_KNOWN = re.compile(
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
    encoding = _declared(data)
    return Decoded(_text(data, encoding), encoding, bom=False)


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


def _declared(data: bytes) -> str:
    first, *rest = _LINE_END.split(data[:1000], maxsplit=2)
    match = _DECLARATION.match(first)
    if match is None and rest and _BLANK.match(first):
        match = _DECLARATION.match(rest[0])
    if match is None:
        return "utf-8"
    name = match[1].decode("ascii")
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    if _KNOWN.fullmatch(known) is None:
        raise UndecodableError(f"declares the encoding {name!r}, which is not one that we read")
    return known
