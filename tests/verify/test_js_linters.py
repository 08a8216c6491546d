"""What ESLint's and tsc's runs prove, and all that they do not, with the real tools."""

from __future__ import annotations

from pathlib import Path

import pytest
from check_bench import Bench
from js_bench import put

from bridle.indexer.text import apply_edits

pytestmark = pytest.mark.slow

RULES = (
    "export default [{ files: ['**/*.js'], rules: { 'no-undef': 'error', 'no-extra-boolean-cast': 'error', "
    "'prefer-const': 'warn' } }]\n"
)
CONFIG = '{"compilerOptions": {"strict": true, "module": "nodenext", "types": []}, "include": ["src"]}'


def test_a_complaint_of_eslint_has_place_code_link_severity_and_a_fix_in_whole_lines(js: Bench) -> None:
    text = (
        "const e = '😀'; if (!!e) { gone() }\r\nlet b = e\r\nexport { b }\r\n// eslint-disable-next-line\nnowhere()\n"
    )
    put(js, {"eslint.config.js": RULES, "a.js": text, "pkg/b.js": "export const b = 1\n", "readme.md": ""})
    verdict = js.one("eslint")
    assert (verdict.outcome, verdict.exit_code, verdict.reason) == ("fail", 1, "1 complaints answered by comments")
    assert verdict.collected == 3
    found = {finding.code: finding for finding in verdict.findings}
    assert {code: one.severity for code, one in found.items()} == {
        "no-undef": "error",
        "no-extra-boolean-cast": "error",
        "prefer-const": "warning",
    }
    cast, undefined = found["no-extra-boolean-cast"], found["no-undef"]
    line = text.splitlines()[0]
    assert (undefined.path, undefined.start_line, undefined.end_line) == ("a.js", 0, 1)
    assert line[undefined.start_character : undefined.end_character] == "gone"
    assert line[cast.start_character : cast.end_character] == "!!e"
    assert cast.href.endswith("/rules/no-extra-boolean-cast")
    assert apply_edits(text, cast.fix) == text.replace("!!e", "e")
    assert apply_edits(text, found["prefer-const"].fix) == text.replace("let b", "const b")


def test_warnings_alone_are_green_and_shown_unless_the_project_lets_none_pass(js: Bench) -> None:
    put(js, {"eslint.config.js": RULES, "a.js": "let a = 1\nexport { a }\n"})
    verdict = js.one("eslint")
    assert (verdict.outcome, len(verdict.findings), verdict.passed) == ("pass", 1, 2)
    js.shadow.write("package.json", b'{"type": "module", "scripts": {"lint": "eslint --max-warnings=0 ."}}')
    assert js.one("eslint").outcome == "fail"


def test_eslint_sees_the_unsaved_text_and_narrowed_to_a_file_says_nothing_of_others(js: Bench) -> None:
    put(js, {"eslint.config.js": RULES, "a.js": "gone()\n", "-b.js": "gone()\n"})
    js.shadow.write("-b.js", b"export const b = 1\n")
    [verdict] = js.verify("eslint", paths=("-b.js",))
    assert (verdict.outcome, verdict.collected) == ("pass", 1)


def test_a_changed_file_that_eslint_leaves_out_is_not_green(js: Bench) -> None:
    put(js, {"eslint.config.js": f"{RULES[:-2]}, {{ ignores: ['old.js'] }}]\n", "a.js": "", "old.js": ""})
    js.shadow.write("old.js", b"gone()\n")
    for paths in ((), ("old.js",)):
        [verdict] = js.verify("eslint", paths=paths)
        assert verdict.outcome == "unknown", paths
        assert "old.js" in verdict.reason or verdict.reason == "eslint examined no file"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("export default [{ ignores: ['**'] }]\n", "eslint examined no file"),
        ("export default [{ rules: { 'no-such-rule': 'error' } }]\n", "exit code 2"),
        ("export default [\n", "SyntaxError"),
        ("process.exit(0)\n", "exit code 0"),
    ],
)
def test_eslint_that_examines_nothing_or_does_not_take_its_configuration_is_unknown(
    js: Bench, config: str, words: str
) -> None:
    put(js, {"eslint.config.js": config, "a.js": "export const a = 1\n"})
    verdict = js.one("eslint")
    assert (verdict.outcome, words in verdict.reason, bool(verdict.next_step)) == ("unknown", True, True), verdict


def test_what_tsc_says_follows_the_text_and_not_what_it_kept(js: Bench) -> None:
    put(js, {"tsconfig.json": CONFIG, "src/a.ts": "export const e = '😀'; export const a: number = 1\n"})
    outcomes = [js.one("tsc").outcome]
    js.shadow.write("src/a.ts", "export const e = '😀'; export const a: number = e\n".encode())
    outcomes.append(js.one("tsc").outcome)
    js.shadow.write("src/a.ts", b"export const a: number = 2\n")
    outcomes.append(js.one("tsc").outcome)
    assert outcomes == ["pass", "fail", "pass"]
    assert [verdict.collected for verdict in js.told] == [1, 1, 1]
    [finding] = js.told[1].findings
    assert (finding.path, finding.start_line, finding.start_character, finding.end_character, finding.code) == (
        "src/a.ts",
        0,
        35,
        36,
        "TS2322",
    )
    assert "/src/a.ts" not in js.told[1].log
    assert not (js.root / "src/a.js").exists()


def test_a_changed_file_that_tsc_is_not_given_is_told_and_alone_proves_nothing(js: Bench) -> None:
    put(js, {"tsconfig.json": CONFIG, "src/a.ts": "export const a = 1\n", "other.ts": "export const b = 1\n"})
    js.shadow.write("other.ts", b"export const b: number = 'x'\n")
    assert (js.one("tsc").outcome, js.told[-1].reason) == ("unknown", "not among tsc's files: other.ts")
    js.shadow.write("src/a.ts", b"export const a = 2\n")
    assert (js.one("tsc").outcome, js.told[-1].reason) == ("pass", "not among tsc's files: other.ts")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('{"include": ["nowhere"]}', "No inputs were found"),
        ('{"compilerOptions": {"nope": 1}, "include": ["src"]}', "Unknown compiler option"),
        ('{"extends": "./gone.json", "include": ["src"]}', "gone.json"),
        ('{"references": [{"path": "./gone"}],\n"files": []}', "tsc"),
    ],
)
def test_tsc_that_does_not_take_its_configuration_is_unknown(js: Bench, config: str, words: str) -> None:
    put(js, {"tsconfig.json": config, "src/a.ts": "export const a = 1\n"})
    verdict = js.one("tsc")
    assert (verdict.outcome, words in verdict.reason, bool(verdict.next_step)) == ("unknown", True, True), verdict


@pytest.mark.parametrize("tool", ["eslint", "tsc"])
def test_a_tool_that_lies_about_its_report_proves_nothing(js: Bench, tool: str) -> None:
    files = {"eslint.config.js": RULES, "tsconfig.json": CONFIG, "src/a.ts": "", "src/a.js": ""}
    for script in ("exit 0", "echo '[]'", "echo 'src/a.ts(1,1): error'; exit 3"):
        fake(js.root / "node_modules" / ".bin" / tool, script)
        put(js, files)
        assert js.one(tool).outcome == "unknown", script


def fake(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
