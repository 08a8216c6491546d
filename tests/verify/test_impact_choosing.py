"""Which tests are chosen for a change, by what they were seen to do."""

from __future__ import annotations

import msgspec
import pytest

from bridle.harness.verify.impact.choosing import Change, Selection, choose
from bridle.harness.verify.impact.evidence import Context, Evidence
from bridle.harness.verify.impact.imports import imports_of
from bridle.harness.verify.impact.touches import touches

LIB = """LIMIT = 2
UNREAD = 1


def f(n):
    return n + LIMIT


def g(n):
    return n


def unused():
    return 1
"""
TEXTS = {
    "lib.py": LIB,
    "tests/test_a.py": "from lib import f\n\n\ndef test_f():\n    f(1)\n\n\ndef test_nothing():\n    pass\n",
    "tests/test_b.py": "import lib\n\n\ndef test_g():\n    lib.g(1)\n",
    "tests/test_c.py": "def test_data():\n    open('x.json')\n",
}


def mask(*lines: int) -> str:
    return f"{sum(1 << (line - 1) for line in lines):x}"


def test_of(path: str, name: str, **more: object) -> Context:
    return msgspec.structs.replace(Context(f"test:{path}::{name}", path=path), **more)


test_of.__test__ = False  # type: ignore[attr-defined]  # it makes a test's context and is none

CONTEXTS = (
    Context("session"),
    Context("module:lib.py", lines={"lib.py": mask(1, 2, 5, 9, 13)}, importers=("module:tests/test_a.py",)),
    Context("module:tests/test_a.py", importers=("file:tests/test_a.py",)),
    Context("module:tests/test_b.py", importers=("file:tests/test_b.py",)),
    Context("fixture:tests::site", lines={"lib.py": mask(10)}),
    test_of("tests/test_a.py", "test_f", lines={"lib.py": mask(6), "tests/test_a.py": mask(5)}, seconds=0.1),
    test_of("tests/test_a.py", "test_nothing", lines={"tests/test_a.py": mask(9)}),
    test_of("tests/test_b.py", "test_g", lines={"tests/test_b.py": mask(5)}, uses=("tests::site",)),
    test_of("tests/test_c.py", "test_data", opened=("x.json", "cases/")),
)


def chosen(
    old: str = "", new: str = "", contexts: tuple[Context, ...] = CONTEXTS, others: dict[str, str] | None = None
) -> Selection:
    evidence = Evidence(contexts, imports_of(TEXTS), TEXTS)
    found = touches("lib.py", LIB, LIB.replace(old, new), evidence.words.__contains__) if old else ()
    return choose(evidence, Change(found, others or {}))


def names(selection: Selection) -> list[str]:
    return [pick.id.partition("::")[2] for pick in selection.picks]


def test_who_executed_the_line_is_chosen_with_the_reason() -> None:
    selection = chosen("n + LIMIT", "n - LIMIT")
    assert names(selection) == ["test_f"]
    assert selection.picks[0].reason == "executed f in lib.py"
    assert selection.picks[0].confidence == 1.0
    assert len(selection.left_out) == 3


def test_what_a_fixture_executed_counts_for_who_uses_it() -> None:
    assert names(chosen("    return n\n", "    return n + 1\n")) == ["test_g"]


def test_who_reads_a_name_is_chosen_for_its_value() -> None:
    selection = chosen("LIMIT = 2", "LIMIT = 3")
    assert names(selection) == ["test_f"]
    assert not selection.wider


def test_a_name_that_nobody_reads_widens_to_who_imports_it() -> None:
    selection = chosen("UNREAD = 1", "UNREAD = 2")
    assert set(names(selection)) == {"test_f", "test_nothing", "test_g"}
    assert "UNREAD" in selection.wider or "lib.py" in selection.wider


def test_what_runs_on_import_is_felt_by_who_imports_it() -> None:
    assert set(names(chosen("def g(n):", "def g(n, m):"))) == {"test_f", "test_nothing", "test_g"}


def test_code_that_nobody_executes_widens_to_who_executed_its_file() -> None:
    selection = chosen("return 1", "return 2")
    assert set(names(selection)) == {"test_f", "test_g"}
    assert {pick.confidence for pick in selection.picks} == {0.3}


@pytest.mark.parametrize(
    ("path", "how", "wanted"),
    [("x.json", "modified", {"test_data"}), ("cases/1.txt", "created", {"test_data"})],
)
def test_who_opened_a_file_or_listed_its_folder_is_chosen(path: str, how: str, wanted: set[str]) -> None:
    assert set(names(chosen(others={path: how}))) == wanted


@pytest.mark.parametrize("path", ["y.json", "pyproject.toml", "tests/conftest.py", "requirements-dev.txt"])
def test_configuration_and_files_that_nobody_opened_are_for_all(path: str) -> None:
    selection = chosen(others={path: "modified"})
    assert selection.everything
    assert path in selection.wider


def test_lines_that_run_outside_of_any_test_are_for_all() -> None:
    session = Context("session", lines={"lib.py": mask(6)})
    assert chosen("n + LIMIT", "n - LIMIT", (session, *CONTEXTS[1:])).everything


def test_a_partial_record_is_for_all_and_a_partial_test_always_runs() -> None:
    blind = Context("session", partial="another tracer ran")
    assert "another tracer ran" in chosen("n + LIMIT", "n - LIMIT", (blind, *CONTEXTS[1:])).wider
    forking = msgspec.structs.replace(CONTEXTS[6], partial="it starts other processes")
    selection = chosen("n + LIMIT", "n - LIMIT", (*CONTEXTS[:6], forking, *CONTEXTS[7:]))
    assert names(selection) == ["test_f", "test_nothing"]


def test_what_failed_last_time_comes_first() -> None:
    failed = msgspec.structs.replace(CONTEXTS[8], outcome="failed")
    assert names(chosen("n + LIMIT", "n - LIMIT", (*CONTEXTS[:8], failed))) == ["test_data", "test_f"]


def test_a_module_that_only_a_test_imported_by_name_is_for_all() -> None:
    lazy = Context("module:plug.py", lines={"plug.py": "1"}, importers=("test:tests/test_a.py::test_f",))
    evidence = Evidence((*CONTEXTS, lazy), imports_of(TEXTS), {**TEXTS, "plug.py": "def h(a):\n    pass\n"})
    found = touches("plug.py", "def h(a):\n    pass\n", "def h(a, b):\n    pass\n", lambda word: True)
    assert choose(evidence, Change(found)).everything


def test_without_a_record_all_run() -> None:
    assert choose(Evidence((), {}, {}), Change()).everything


EXPORTING = '__all__ = ["f"]\n\n\ndef f():\n    pass\n'


@pytest.mark.parametrize(
    ("using", "expected"),
    [
        ("from lib import f\n", ["test_quick"]),
        ("from lib import *\n", ["test_quick", "test_slow"]),
        ("import lib\n\nNAMES = lib.__all__\n", ["test_quick", "test_slow"]),
    ],
)
def test_what_star_imports_would_take_is_noticed_where_there_are_any_and_else_by_one_test_a_file(
    using: str, expected: list[str]
) -> None:
    texts = {
        "lib.py": EXPORTING,
        "test_a.py": f"{using}\n\ndef test_quick():\n    f()\n\n\ndef test_slow():\n    f()\n",
    }
    contexts = (
        Context("module:lib.py", lines={"lib.py": mask(1, 4)}, importers=("module:test_a.py",)),
        Context("module:test_a.py", lines={"test_a.py": mask(1, 4, 8)}, importers=("file:test_a.py",)),
        test_of("test_a.py", "test_slow", lines={"lib.py": mask(5), "test_a.py": mask(9)}, seconds=2.0),
        test_of("test_a.py", "test_quick", lines={"lib.py": mask(5), "test_a.py": mask(5)}, seconds=0.1),
    )
    evidence = Evidence(contexts, imports_of(texts), texts)
    found = touches("lib.py", EXPORTING, EXPORTING.replace('["f"]', '["f", "g"]'), evidence.words.__contains__)
    assert sorted(names(choose(evidence, Change(found)))) == expected


SHAPES = """KINDS = {}


class Base:
    sides = 0
    name = "base"

    def told(self):
        return self.name


class Square(Base):
    sides = 4

    def area(self):
        return self.sides


KINDS["square"] = Square
"""
SHAPES_TESTS = """import shapes
from shapes import KINDS, Square


def test_sides():
    assert make().sides == 4


def test_area():
    assert Square().area() == 4


def test_kinds():
    assert list(KINDS) == ["square"]


def test_told():
    assert Other().told() == "base"


def make():
    return KINDS["square"]()
"""


def by_attribute(shapes: str = SHAPES, *, new: str, more: str = "") -> list[str]:
    texts = {"shapes.py": shapes, "test_shapes.py": SHAPES_TESTS + more}
    ran = {"test_sides": (6, 22), "test_area": (10,), "test_kinds": (14,), "test_told": (18,)}
    code = {"test_sides": (), "test_area": (16,), "test_kinds": (), "test_told": (9,)}
    contexts = (
        Context(
            "module:shapes.py", lines={"shapes.py": mask(1, 4, 5, 6, 12, 13, 19)}, importers=("module:test_shapes.py",)
        ),
        Context("module:test_shapes.py", importers=("file:test_shapes.py",)),
        *(
            test_of("test_shapes.py", name, lines={"test_shapes.py": mask(*lines), "shapes.py": mask(*code[name])})
            for name, lines in ran.items()
        ),
    )
    evidence = Evidence(contexts, imports_of(texts), texts)
    found = touches("shapes.py", shapes, new, evidence.words.__contains__)
    return sorted(names(choose(evidence, Change(found))))


def test_what_a_plain_class_has_is_noticed_by_who_reads_it_names_the_class_or_executes_it() -> None:
    assert by_attribute(new=SHAPES.replace("sides = 4", "sides = 5")) == ["test_area", "test_sides"]
    assert by_attribute(new=SHAPES.replace('"base"', '"bass"')) == ["test_area", "test_told"]


@pytest.mark.parametrize(
    "odd",
    [
        SHAPES.replace("class Square(Base)", "class Square(Base, metaclass=Reading)"),
        SHAPES.replace("class Base:", "class Base(Foreign):"),
        SHAPES.replace("class Square", "@register\nclass Square"),
        SHAPES.replace("    def told(self):", "    def __init_subclass__(cls):"),
        SHAPES + "\n\nclass Cube(Square, Foreign):\n    pass\n",
        SHAPES + "\n\nframework.register(Square)\n",
        SHAPES + "\n\nAPP = framework.app(kinds=[Square])\n",
    ],
    ids=["metaclass", "foreign base", "decorator", "hook", "derived", "handed over", "handed over in a list"],
)
def test_what_a_class_has_that_others_may_look_at_is_noticed_by_all_who_get_it(odd: str) -> None:
    assert "test_kinds" in by_attribute(odd, new=odd.replace("sides = 4", "sides = 5"))


@pytest.mark.parametrize("dunder", ["__slots__", "__hash__"])
def test_what_python_itself_reads_of_a_class_is_noticed_by_all_who_get_it(dunder: str) -> None:
    special = SHAPES.replace("sides = 4", f"{dunder} = ()")
    assert "test_kinds" in by_attribute(special, new=special.replace(f"{dunder} = ()", f"{dunder} = (1,)"))


def test_a_value_that_a_class_is_given_reads_no_other_of_that_name() -> None:
    other = SHAPES + "\n\nclass Other(Foreign):\n    sides = 9\n"
    assert by_attribute(other, new=other.replace("sides = 4", "sides = 5")) == ["test_area", "test_sides"]
