"""What past commits tell: read from what git prints, asked for what reads alike and for what is changed often."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridle.indexer.past import HALF_LIFE, MAX_COMMITS, MAX_FILES, Commit, Past, commits_told

LOG = (
    "\0" + "a" * 40 + " 1700000300\nSend cookies only over TLS\n\nCloses #7\n\x1e\n"
    "diff --git a/src/shop/session.py b/src/shop/session.py\n"
    "index 1..2 100644\n--- a/src/shop/session.py\n+++ b/src/shop/session.py\n"
    "@@ -10 +10,2 @@ class Session:\n-    old = 1\n+    new = 1\n+    def save_cookie(self, response):\n"
    "@@ -90,0 +92 @@ def open_session(app):\n+    return None\n"
    "\0" + "b" * 40 + " 1700000200\nMove the package\n\x1e\n"
    "diff --git a/shop/session.py b/src/shop/session.py\nsimilarity index 100%\n"
    "rename from shop/session.py\nrename to src/shop/session.py\n"
    "\0" + "c" * 40 + " 1700000100\nRemember the basket\n\x1e\n"
    "diff --git a/shop/session.py b/shop/session.py\n--- a/shop/session.py\n+++ b/shop/session.py\n"
    "@@ -3 +3 @@ def open_session(app):\n-    pass\n+    basket = app.basket\n"
    "diff --git a/web/basket.js b/web/basket.js\n--- a/web/basket.js\n+++ b/web/basket.js\n"
    "@@ -3 +3 @@ basket.fill = function fill(items) {\n-  a();\n+  b();\n"
    "@@ -30 +30 @@ func (b *Basket) Weigh(x int) int {\n-  a()\n+  b()\n"
)  # fmt: skip


def test_a_log_gives_files_and_the_names_of_what_changed_in_them() -> None:
    commits = list(commits_told(LOG))
    assert [commit.id[0] for commit in commits] == ["a", "b", "c"]
    assert commits[0].seconds == 1_700_000_300
    assert commits[0].touched == (("src/shop/session.py", ("Session", "save_cookie", "open_session")),)
    assert {"send", "tls"} <= set(commits[0].terms)
    assert commits[1].touched == ()
    assert commits[1].renamed == (("shop/session.py", "src/shop/session.py"),)
    assert dict(commits[2].touched)["web/basket.js"] == ("fill", "Weigh")


def test_what_was_moved_since_is_told_by_its_path_of_today() -> None:
    votes = Past(tuple(commits_told(LOG))).like("the basket is forgotten: remember it")
    assert votes["src/shop/session.py", "open_session"].score == 1.0
    assert votes["src/shop/session.py", "open_session"].words == ("basket", "remember")
    assert ("shop/session.py", "") not in votes


def test_a_message_that_shares_no_word_says_nothing() -> None:
    past = Past(tuple(commits_told(LOG)))
    assert past.like("quantum") == {}
    assert Past().like("remember the basket") == {}
    assert past.head == "a" * 40
    assert Past().head == ""


def test_the_latest_touches_count_most() -> None:
    def commit(n: int) -> Commit:
        return Commit(f"{n:040x}", n, ("x",), ((f"{'new' if n < HALF_LIFE else 'old'}.py", ("f",)),))

    past = Past(tuple(commit(n) for n in range(2 * HALF_LIFE))).prepare()
    new, old = past.churn(("new.py", "f")), past.churn(("old.py", "f"))
    assert new.weight > 1.9 * old.weight > 0
    assert (new.age, old.age) == (0, HALF_LIFE)
    assert past.churn(("no.py", "f")).age == MAX_COMMITS


def test_a_commit_that_touches_very_much_tells_of_nothing() -> None:
    diffs = "".join(
        f"diff --git a/{n}.py b/{n}.py\n--- a/{n}.py\n+++ b/{n}.py\n@@ -1 +1 @@ def f():\n-a\n+b\n"
        for n in range(MAX_FILES + 1)
    )
    (commit,) = commits_told(f"\0{'d' * 40} 1\nReformat everything\n\x1e\n{diffs}")
    assert commit.touched == ()
    assert commit.terms == ()


@given(st.text(), st.integers(0, len(LOG)))
def test_a_log_that_is_cut_or_strange_is_read_as_far_as_it_goes(noise: str, at: int) -> None:
    past = Past(tuple(commits_told(LOG[:at] + noise + LOG[at:])))
    past.like(noise + " basket")
    assert len(past.commits) <= 3 + noise.count("\0")
