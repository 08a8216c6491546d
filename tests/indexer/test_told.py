"""What the words of a question say of all definitions at once is what they say of one after the other."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.indexer.held import FileWords
from bridle.indexer.parse import Job, Parsed, parse
from bridle.indexer.told import Told, Weighing
from bridle.indexer.words import K1, B, Words, query_terms

NAMES = ("cart", "tax", "total_price", "add", "round")
BODIES = ("return price * rate", "self.items.append(item)", "return add(total)", "round(price, 2)", "pass")


def words_of(path: str, text: str) -> FileWords:
    outcome = parse(Path("/"), Job(path, text=text))
    assert isinstance(outcome, Parsed)
    return outcome.words


def one_by_one(files: dict[str, FileWords], text: str) -> dict[tuple[str, int], list[tuple[float, str]]]:
    """Return what each term gives each definition, worked out in the plainest way."""
    lengths = {path: memoryview(words.lengths).cast("i").tolist() for path, words in files.items()}
    n_all, n_words = sum(map(len, lengths.values())), sum(map(sum, lengths.values()))
    steep = K1 * B / max(1.0, n_words / max(1, n_all))
    found: dict[tuple[str, int], list[tuple[float, str]]] = {}
    for term in query_terms(text):
        held = [(path, at, count) for path, words in files.items() for at, count in words.holding(term)]
        rarity = math.log(1 + (n_all - len(held) + 0.5) / (len(held) + 0.5))
        for path, at, count in held:
            gain = rarity * (K1 + 1) * count / (count + K1 * (1 - B) + steep * lengths[path][at])
            found.setdefault((path, at), []).append((gain, term))
    return found


def added(pairs: list[tuple[float, str]]) -> float:
    total = 0.0
    for gain, _ in pairs:
        total += gain
    return total


functions = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(BODIES)), min_size=1, max_size=4)


@pytest.mark.slow
@given(st.lists(functions, min_size=1, max_size=4), st.lists(st.sampled_from((*NAMES, "price", "none")), max_size=5))
def test_all_at_once_is_one_by_one_to_the_last_bit(files: list[list[tuple[str, str]]], asked: list[str]) -> None:
    texts = ["\n\n".join(f"def {name}(item):\n    {body}" for name, body in one) for one in files]
    known = {f"m{n}.py": words_of(f"m{n}.py", text) for n, text in enumerate(texts)}
    told, expected = Words.of(known).told(" ".join(asked)), one_by_one(known, " ".join(asked))
    assert {path: told.scores.in_file(path) for path in known} == {
        path: {at: added(pairs) for (other, at), pairs in sorted(expected.items()) if other == path} for path in known
    }
    numbers = [told.table.start(path) + at for path, at in expected]
    assert [told.table.place(number) for number in numbers] == list(expected)
    assert told.scores.of([*numbers, -1]) == [*map(added, expected.values()), 0.0]
    assert told.matched([*numbers, -1]) == [
        *(sorted(pairs, key=lambda pair: (-pair[0], pair[1])) for pairs in expected.values()), []
    ]  # fmt: skip
    best = sorted(numbers, key=lambda number: (-told.scores.of([number])[0], number))
    assert told.scores.best(3) == best[:3]


def test_the_best_of_a_file_are_kept_and_the_rest_says_nothing() -> None:
    body = "\n".join(f"def f{n}():\n    return {'tax ' * n}0\n".replace(" tax", " tax +") for n in range(4))
    told = Words.of({"a.py": words_of("a.py", body), "b.py": words_of("b.py", "print(tax)\n")}).told("tax")
    assert len(told.scores.in_file("a.py")) == 3
    assert sorted(told.scores.leading(2).in_file("a.py").values()) == sorted(told.scores.in_file("a.py").values())[1:]
    assert told.scores.leading(2).in_file("b.py") == told.scores.in_file("b.py")
    assert 0 not in told.scores.without_modules().in_file("b.py")
    greatest = told.scores.best(1)
    assert told.scores.without(greatest).greatest() < told.scores.greatest()


def test_what_stands_beside_counts_less_and_so_does_what_stands_outside_of_definitions() -> None:
    text = "print(tax)\n\n\ndef tax_of(tax):\n    return tax\n"
    told = Words.of({"a.py": words_of("a.py", text), "b.py": words_of("b.py", text)}).told("tax")
    files, scores = told.demoted(lambda path: 0.5 if path == "a.py" else 1.0, 0.25)
    assert files == ["b.py", "a.py"]
    whole, mine = told.scores.in_file("a.py"), scores.in_file("a.py")
    assert mine[1] == whole[1] * 0.5
    assert mine[0] == whole[0] * 0.5 * 0.25


def test_a_term_is_weighed_once_in_a_state_and_anew_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[int] = []
    gains = Weighing._weighed

    def counted(self: Weighing, held: object) -> object:
        weighed.append(1)
        return gains(self, held)  # type: ignore[arg-type]

    monkeypatch.setattr(Weighing, "_weighed", counted)
    known = {"a.py": words_of("a.py", "def tax(price):\n    return price\n"), "b.py": words_of("b.py", "rate = 1\n")}
    words = Words.of(known)
    words.told("tax price")
    words.told("price tax price")
    assert len(weighed) == 2
    after = words.changed({"b.py": words_of("b.py", "rate = 1\n\n\ndef other():\n    return rate\n")})
    told: Told = after.told("tax price")
    assert len(weighed) == 4
    assert told.scores.in_file("a.py") == Words.of({**known, "b.py": after.files["b.py"]}).told(
        "tax price"
    ).scores.in_file("a.py")
    assert words.told("tax").scores.in_file("a.py") != told.scores.in_file("a.py"), "the old state stays as it was"


def test_neither_a_worker_nor_the_start_of_the_engine_loads_numpy() -> None:
    code = "import sys, bridle.indexer.worker, bridle.harness.workspace; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
