from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.indexer.shell import MAX_BYTES, Line, read_line
from bridle.indexer.shellwords import ansi_c, spread, unescaped, unescaped_in_quotes


def commands(line: Line) -> list[list[str]]:
    return [[text for word in command.words for text in word.texts] for command in line.commands]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pytest -q", [["pytest", "-q"]]),
        ("a && b || c; d | e\nf", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("echo 'a && b; $(c)' \"it's\" d\\ e", [["echo", "a && b; $(c)", "it's", "d e"]]),
        ("r\\m 'x'\"y\"z", [["rm", "xyz"]]),
        ("echo '' \"\" {} HEAD@{1}", [["echo", "", "", "{}", "HEAD@{1}"]]),
        ("A=b C='d e' cmd x", [["cmd", "x"]]),
        ("cmd a\\\n b", [["cmd", "a", "b"]]),
        ("echo ä 漢字 😀 a😀b", [["echo", "ä", "漢字", "😀", "a😀b"]]),
    ],
)
def test_plain_words_are_read_as_the_shell_hands_them_on(text: str, expected: list[list[str]]) -> None:
    line = read_line(text)
    assert commands(line) == expected
    assert line.oddities == ()
    assert line.read


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a & b", "background"),
        ("(a)", "a shell of its own"),
        ("{ a; }", "a group"),
        ("if a; then b; fi", "a choice"),
        ("for x in y; do a; done", "a loop"),
        ("f() { a; }", "a function"),
        ("! a", "a negation"),
        ("echo $x", "the value of a variable"),
        ("echo \"${x}\"", "the value of a variable"),
        ("echo $(a)", "output becomes words"),
        ("echo `a`", "output becomes words"),
        ("cat <(a)", "output becomes a file"),
        ("echo $((1))", "arithmetic"),
        ("cat <<EOF\nx\nEOF", "here-document"),
        ("cat <<< x", "here-string"),
        ("echo $'a'", "letters by number"),
        ("echo {a,b}", "rewrites"),
        ("echo {1..3}", "becom"),
        ("echo ~root", "rewrites"),
        ("A=b", "set for what follows"),
        ("export A=b", "set for what follows"),
        ("a # b", "comment"),
        ("a\x1bb", "control character"),
        ("a\u00a0b", "cannot be seen"),
        ("echo 'a", "cannot be read"),
        ("", "no command"),
        ("x" * (MAX_BYTES + 1), "more than can be looked through"),
        ("'a\\\nb'", "goes on"),
        ("echo \"\\$x\"", "two ways"),
    ],
)  # fmt: skip
def test_whatever_is_more_than_plain_words_is_told(text: str, what: str) -> None:
    assert any(what in oddity.what for oddity in read_line(text).oddities), read_line(text).oddities


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("echo $(a $(b))", ["echo", "a", "b"]),
        ("if a; then b; else c; fi", ["a", "b", "c"]),
        ("x <<EOF\n$(a)\nEOF", ["x", "a"]),
        ("echo \"${x:-$(a)}\" <(b)", ["echo", "a", "b"]),
        ("case x in y) a;; esac", ["a"]),
        ("echo ${x[$(a)]} $(( $(b) ))", ["echo", "a", "b"]),
    ],
)  # fmt: skip
def test_a_command_is_found_wherever_it_stands(text: str, inside: list[str]) -> None:
    assert [command.words[0].text for command in read_line(text).commands] == inside


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("X=curl; $X y", ["curl", "y"]),
        ("a=cu b=rl; $a$b", ["curl"]),
        ("${x:-curl} y", ["curl", "y"]),
        ("c${x}url", ["curl"]),
        ("curl$IFS-s", ["curl", "-s"]),
        ("$'\\x63url'", ["curl"]),
    ],
)
def test_what_the_line_itself_tells_of_a_word_is_known(text: str, words: list[str]) -> None:
    last = read_line(text).commands[-1]
    assert [piece for word in last.words for piece in word.texts] == words
    assert not last.words[0].plain


def test_redirects_are_told_wherever_they_stand() -> None:
    line = read_line("a > b 2>&1 | c < 'd e' && f &>> g")
    assert [(each.operator, each.target.text) for each in line.redirects] == [
        (">", "b"),
        (">&", "1"),
        ("<", "d e"),
        ("&>>", "g"),
    ]
    assert line.oddities == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat > x a 2>&1 b", [["cat", "a", "b"]]),
        ("a | cat < x b", [["a"], ["cat", "b"]]),
        ("> x cat a", [["cat", "a"]]),
        ("a && cat >> x --b", [["a"], ["cat", "--b"]]),
    ],
)
def test_words_behind_a_redirect_are_words_of_the_command(text: str, expected: list[list[str]]) -> None:
    assert commands(read_line(text)) == expected
    assert len(read_line(text).redirects) in (1, 2)


def test_the_writing_of_words() -> None:
    assert unescaped("a\\ b\\\nc\\\\") == "a bc\\"
    assert unescaped_in_quotes('a\\"b\\n\\$') == 'a"b\\n$'
    assert ansi_c("\\x41\\u00e9\\101\\n\\'\\cA") == "AéA\n'\x01"
    assert spread("a{b,c}d{e,f}") == ("abde", "abdf", "acde", "acdf")
    assert len(spread("{a,b}" * 20)) <= 64
    assert spread("plain") == ("plain",)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    line = read_line(text)
    assert line.oddities or all(word.plain for command in line.commands for word in command.words)
