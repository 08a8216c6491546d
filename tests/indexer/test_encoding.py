"""What is decoded comes back byte for byte, or is refused."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.indexer.files import UndecodableError, decode, encode


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        ("größe 😀\r\n\x0c".encode(), "größe 😀\r\n\x0c", "utf-8"),
        (codecs.BOM_UTF8 + b"a\n", "a\n", "utf-8"),
        (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "é", "utf-16-le"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n", "iso8859-1"),
        (b"#!/usr/bin/python\r# vim: set fileencoding=cp1252 :\r'\x80'", None, "cp1252"),
        (b"x = 1\n# coding: cp1252\n", "x = 1\n# coding: cp1252\n", "utf-8"),
        (codecs.BOM_UTF32_LE + "é\n".encode("utf-32-le"), "é\n", "utf-32-le"),
        ("<a>\r\n".encode("utf-16-le"), "<a>\r\n", "utf-16-le"),
        ("naïve\n".encode("utf-16-be"), "naïve\n", "utf-16-be"),
        (b"a\0b\nc\n", "a\0b\nc\n", "utf-8"),
        (b"a\0\0\0", "a\0\0\0", "utf-8"),
        (b"% -*- mode: latex; coding: latin-1 -*-\n\xe9", None, "iso8859-1"),
        (b"/* vim: set fileencoding=latin1 : */\n\xe9", None, "iso8859-1"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?>\n<a>\xe9</a>", None, "iso8859-1"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<a/>', None, "iso8859-1"),
        (b'<?xml version="1.0" encoding="utf-16"?>\n<a/>', None, "utf-8"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>\n<a>é</a>'.encode(), None, "utf-8"),
        (b'<!DOCTYPE html>\n<html><head>\n<meta charset="windows-1252">\n\x80', None, "cp1252"),
        (b'<html><meta http-equiv="a" content="text/html; charset=iso-8859-15">\xa4', None, "iso8859-15"),
        (b"<meta charset=latin1>\n\xe9", None, "iso8859-1"),
        (b'@charset "iso-8859-1";\na { content: "\xe9" }', None, "iso8859-1"),
    ],
)
def test_a_file_says_how_it_is_read(data: bytes, text: str | None, encoding: str) -> None:
    decoded = decode(data)
    assert decoded.encoding == encoding
    assert text in {None, decoded.text}
    assert encode(decoded.text, decoded.encoding, decoded.bom) == data


@pytest.mark.parametrize(
    "data",
    [
        b"caf\xe9\n",
        b"# coding: no-such-thing\n",
        b"# coding: rot13\n",
        b"# coding: idna\nx\n",
        b"# coding: punycode\nx\n",
        b"# coding: ascii\n\xe9",
        codecs.BOM_UTF8 + b"\xe9",
        b"\xed\xa0\x80",
        b"<?xml version='1.0' encoding='ebcdic-cp-us'?>\n<a>\xe9</a>",
        b"<html><p charset='latin-1'>\xe9",
        codecs.BOM_UTF32_LE + b"\0\xd8\0\0",
    ],
)
def test_what_cannot_come_back_is_refused_with_the_reason(data: bytes) -> None:
    with pytest.raises(UndecodableError, match=r"not|would"):
        decode(data)


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"# coding: shift_jis\n", b"# coding: gb18030\n", codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE]),
)
def test_any_bytes_come_back_or_are_refused(data: bytes, head: bytes) -> None:
    try:
        decoded = decode(head + data)
    except UndecodableError:
        return
    assert encode(decoded.text, decoded.encoding, decoded.bom) == head + data
