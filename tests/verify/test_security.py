"""What new lines open: seeded doors in tests/cases/vulnerabilities.jsonl, honest code, and the check around both."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from check_bench import Bench
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.verify.objections import objections
from bridle.harness.verify.security.judging import flags_of, judge_security

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "vulnerabilities.jsonl").read_text("utf-8").splitlines()
]
EVIL = "import os\n\n\ndef run(name: str) -> None:\n    os.system('ping ' + name)\n"


def found(path: str, before: str | None, after: str | None) -> list[tuple[str, int]]:
    return [(one.code, one.start_line) for one in judge_security({path: (before, after)})]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_seeded_door_is_found_on_its_line(case: dict[str, Any]) -> None:
    concerns = [
        one for one in judge_security({case["path"]: (case["before"], case["after"])}) if one.code == case["code"]
    ]
    assert concerns
    known = (case["before"] or "").splitlines()
    assert all(case["after"].splitlines()[one.start_line] not in known for one in concerns)
    assert all(one.message and one.remedy for one in concerns)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_door_that_was_there_before_is_nobodys_new_one(case: dict[str, Any]) -> None:
    assert judge_security({case["path"]: (case["after"], case["after"] + "\n")}) == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "import subprocess\nsubprocess.run(['ls', path], check=True)\n"),
        ("a.py", "db.execute('SELECT * FROM t WHERE id = ?', (name,))\n"),
        ("a.py", "import yaml\nyaml.load(text, Loader=yaml.SafeLoader)\nyaml.safe_load(text)\n"),
        ("a.py", "import os\nos.system('clear')\n"),
        ("a.py", "import hashlib\nhashlib.md5(data, usedforsecurity=False)\n"),
        ("a.py", "token = os.environ['TOKEN']\npassword = ''\nsecret = 'changeme'\n"),
        ("a.py", "def eval(text):\n    return 1\n\n\neval(text)\n"),
        ("a.py", "model.eval()\nregex.exec(text)\n"),
        ("a.py", "tar.extractall(path, filter='data')\nos.chmod(path, 0o644)\n"),
        ("a.js", "re.exec(text)\nconst x = require('./x')\nel.innerHTML = ''\ndb.query('SELECT 1', [id])\n"),
        ("tests/test_a.py", "import requests\nrequests.get(url)\nTOKEN = 'Kx93mQ8vLs02pZt7'\n"),
        ("a.py", "DIGEST = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'\n"),
        ("package-lock.json", '{"integrity": "sha512-Kx93mQ8vLs02pZt7Kx93mQ8vLs02pZt7Kx93mQ8vLs02pZt7=="}\n'),
        ("requirements.txt", "-e .[http2]\n-r other.txt\n./local\n"),
        ("README.md", "Run `eval(x)` and `curl https://user:pass@example.org`\n"),
    ],
)
def test_code_that_opens_nothing_is_let_alone(path: str, text: str) -> None:
    assert found(path, None, text) == []


def test_a_line_that_moves_to_another_file_opens_nothing_new() -> None:
    assert judge_security({"a.py": (EVIL, "import os\n"), "b.py": (None, EVIL)}) == ()


def test_a_package_that_moves_between_manifests_is_not_new() -> None:
    before = "from setuptools import setup\nsetup(install_requires=['six'])\n"
    after = '[project]\nname = "a"\ndependencies = ["six"]\n'
    assert judge_security({"setup.py": (before, None), "pyproject.toml": (None, after)}) == ()


def test_a_new_package_and_a_secret_are_for_a_person_and_the_rest_is_told() -> None:
    by_code = {case["code"]: case for case in CASES}
    blocks = {}
    for code, case in by_code.items():
        flags = flags_of(judge_security({case["path"]: (case["before"], case["after"])}))
        blocks[code] = {flag.blocks for flag in flags}
    assert {code for code, said in blocks.items() if True in said} == {"dependency", "secret"}


def test_the_question_about_a_package_says_its_name_where_and_why() -> None:
    after = '[project]\nname = "a"\ndependencies = [\n  "left-padd",\n]\n'
    [flag] = objections({"pyproject.toml": ('[project]\nname = "a"\n', after)})
    assert (flag.gate, flag.path, flag.start_line, flag.blocks) == ("dependency", "pyproject.toml", 3, True)
    assert flag.reason == "'left-padd' is a new dependency, named in pyproject.toml"
    assert "a person decides" in flag.remedy


@given(st.text(max_size=300), st.sampled_from(["a.py", "a.js", "go.mod", "setup.cfg", "setup.py", "Cargo.toml", "x"]))
def test_no_text_makes_the_judge_fail(text: str, path: str) -> None:
    judge_security({path: (None, text)})


@pytest.mark.parametrize("table", ["[security]\n", "mode = 'ask'\n"])
def test_the_check_is_there_where_it_is_asked_for(bench: Bench, table: str) -> None:
    bench.put({"bridle.toml": table, "a.py": ""})
    assert [check.name for check in bench.checks("security")] == (["security"] if "security" in table else [])


def test_new_lines_of_a_change_are_judged_and_old_ones_are_not(bench: Bench) -> None:
    bench.put({"bridle.toml": "[security]\n", "old.py": EVIL, "new.py": "import os\n"})
    bench.shadow.write("new.py", EVIL.encode())
    judged = bench.one("security")
    assert judged.outcome == "fail"
    assert [(finding.path, finding.start_line, finding.code) for finding in judged.findings] == [("new.py", 4, "shell")]


@pytest.mark.slow
def test_what_only_the_rules_of_ruff_know_is_found_on_new_lines(bench: Bench) -> None:
    old = "import snmp\n\n\ndef f(d):\n    return 1\n"
    bench.put({"bridle.toml": "[security]\n", "a.py": old})
    bench.shadow.write("a.py", old.replace("return 1", "return open('/tmp/shared', 'w')").encode())
    judged = bench.one("security")
    assert [(finding.code, finding.start_line) for finding in judged.findings] == [("S108", 4)]


@pytest.mark.slow
def test_without_a_change_it_is_what_differs_from_the_last_commit(bench: Bench) -> None:
    bench.put({"bridle.toml": "[security]\n", "a.py": EVIL})
    judged = bench.one("security")
    assert (judged.outcome, judged.reason) == ("unknown", "there is no commit to compare with")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(bench.root)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    bench.put({})
    assert (bench.one("security").outcome, bench.one("security").collected) == ("pass", 0)
    bench.put({"a.py": EVIL + "    os.system('rm ' + name)\n"})
    judged = bench.one("security")
    assert [(finding.path, finding.start_line) for finding in judged.findings] == [("a.py", 5)]
