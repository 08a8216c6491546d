"""The guard of syntax, in every language: what no longer parses is refused with both readings, what does lands."""

from __future__ import annotations

import pytest
from edit_desk import Desk, Lines

from bridle.harness.edits.syntax_guard import MAX_PARSED_CHARS, syntax_broken
from bridle.indexer.languages.grammars import GRAMMARS, grammar_of

CASES = [
    # path, before, an edit's whole text that breaks it, one that does not
    ("a.py", "def f():\n    return 1\n", "def f(:\n    return 1\n", "def f(x):\n    return x\n"),
    ("a.js", "function f() {\n  return 1;\n}\n", "function f( {\n  return 1;\n}\n", "const f = () => 1;\n"),
    ("a.mjs", "export const a = 1;\n", "export const a = ;\n", "export const a = { ...b };\n"),
    ("a.jsx", "const a = <b>c</b>;\n", "const a = <b>c</d;\n", "const a = <><b /></>;\n"),
    ("a.ts", "let a: number = 1;\n", "let a: = 1;\n", "let a = b satisfies C;\n"),
    ("a.tsx", "const a = <b>c</b>;\n", "const a = <b>c;\n", "const a = <T,>(x: T) => <b>{x}</b>;\n"),
    ("a.go", "package a\n\nfunc f() {}\n", "package a\n\nfunc f() {\n", "package a\n\nfunc f[T any](x T) {}\n"),
    ("a.rs", "fn f() {}\n", "fn f() {\n", "async fn f<'a>(x: &'a str) -> u8 { 1 }\n"),
    ("A.java", "class A {}\n", "class A {\n", "record A(int x) {}\n"),
    ("a.c", "int f(void) { return 1; }\n", "int f(void) { return 1;\n", "int f(void) { return 2; }\n"),
    ("a.cpp", "int f() { return 1; }\n", "int f( { return 1; }\n", "auto f() -> int { return 1; }\n"),
    ("A.cs", "class A { }\n", "class A { int }\n", "class A { int X => 1; }\n"),
    ("a.rb", "def f\n  1\nend\n", "def f\n  1\n", "def f = 1\n"),
    ("a.php", "<?php\nfunction f() {}\n", "<?php\nfunction f( {}\n", "<?php\nfn() => 1;\n"),
    ("A.kt", "fun f() {}\n", "fun f( {}\n", "fun f() = 1\n"),
    ("a.sh", "if a; then\n  b\nfi\n", "if a; then\n  b\n", "for a in b; do c; done\n"),
    ("a.json", '{"a": 1}\n', '{"a": }\n', '{"a": [1]}\n'),
    ("tsconfig.json", "{\n  // c\n}\n", '{\n  // c\n  "a"\n}\n', '{\n  // d\n  "a": 1\n}\n'),
    ("a.toml", "a = 1\n", "a = \n", "a = [1]\n"),
    ("a.yaml", "a: 1\nb: 2\n", "a: [1\nb: 2\n", "a:\n  - 1\n"),
]


def whole(path: str, at: Desk, text: str) -> dict[str, object]:
    line = Lines(view := at.read(path))
    place = line[1 : view.total] if view.total > 1 else line[1]
    return {"files": [{"path": path, "rev": 1, "edits": [{"at": place, "text": text}]}]}


@pytest.mark.parametrize(("path", "before", "broken", "fine"), CASES, ids=[case[0] for case in CASES])
def test_what_no_longer_parses_is_refused_with_both_readings(path: str, before: str, broken: str, fine: str) -> None:
    at = Desk({path: before})
    problem = at.refusal(whole(path, at, broken))
    assert problem.code == "E_SYNTAX"
    assert "would no longer parse: line " in str(problem)
    assert "As it stands, it parses." in str(problem)
    at.land(whole(path, at, fine))
    assert at.text(path) == fine


@pytest.mark.parametrize(("path", "broken", "fine"), [(case[0], case[2], case[3]) for case in CASES])
def test_a_new_file_must_parse(path: str, broken: str, fine: str) -> None:
    at = Desk({})
    create = {"files": [{"path": path, "create": True, "edits": [{"after": "0", "text": broken}]}]}
    assert at.refusal(create).code == "E_SYNTAX"
    create["files"][0]["edits"] = [{"after": "0", "text": fine}]
    at.land(create)


def test_every_language_of_the_table_is_judged() -> None:
    judged = {g.name for case in CASES if (g := grammar_of(case[0]))}
    assert {grammar.name for grammar in GRAMMARS} - judged == {"Markdown"}, "any text is Markdown: it has no errors"


def test_a_file_with_errors_may_have_as_many_and_not_one_more() -> None:
    before = "int a = ;\nint b = 1;\nint c = 2;\n"
    at = Desk({"a.c": before})
    line = Lines(at.read("a.c"))
    edits = {"files": [{"path": "a.c", "rev": 1, "edits": [{"at": line[3], "text": "int c = ;"}]}]}
    problem = at.refusal(edits)
    assert "As it stands, 1 place cannot be parsed, the first on line 1." in str(problem)
    edits["files"][0]["edits"] = [{"at": line[1], "text": "int a2 = ;"}]
    at.land(edits)


def test_an_error_in_a_line_with_a_secret_does_not_tell_it() -> None:
    key = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF2hJ4"
    at = Desk({"a.js": f'const token = "{key}";\n'})
    view = at.read("a.js")
    text = view.lines[0][1].replace("const token", "const = token")
    problem = at.refusal({"files": [{"path": "a.js", "rev": 1, "edits": [{"at": Lines(view)[1], "text": text}]}]})
    assert problem.code == "E_SYNTAX"
    assert key not in str(problem)
    assert "«secret:" in str(problem)


def test_a_template_of_yaml_is_not_judged_as_yaml() -> None:
    assert syntax_broken("chart/a.yaml", "a: 1\n", "{{- if x }}\na: 1\n{{- end }}\n") is None


def test_what_is_too_large_to_be_parsed_is_warned_of_and_not_refused() -> None:
    found = syntax_broken("a.go", None, "x" * (MAX_PARSED_CHARS + 1))
    assert found is not None
    assert found.only_warns


def test_what_our_own_parser_alone_objects_to_is_only_warned_of_where_the_project_is_newer() -> None:
    text = "x = [*a for a in b]\n"  # no Python of today parses it, the grammar does
    older, newer = syntax_broken("a.py", "x = 1\n", text), syntax_broken("a.py", "x = 1\n", text, newer=True)
    assert older is not None
    assert newer is not None
    assert (older.only_warns, newer.only_warns) == (False, True)
    wrong = syntax_broken("a.py", "x = 1\n", "x = (\n", newer=True)
    assert wrong is not None
    assert not wrong.only_warns


@pytest.mark.parametrize("path", ["a.txt", "README.md", "Makefile", "noend", "a.unknown"])
def test_files_without_a_grammar_are_not_judged(path: str) -> None:
    assert syntax_broken(path, "a\n", "((((\n") is None
