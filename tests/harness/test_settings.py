from __future__ import annotations

import re
from pathlib import Path

import pytest

from bridle.harness import settings as room
from bridle.harness.nouns import Budget, UserProblem
from bridle.harness.permission.decide import judge
from bridle.harness.settings import Embedding, load
from bridle.harness.settingsfiles import UserFile, schema
from bridle.harness.shadow.contained import Container
from bridle.harness.shadow.limits import usual_limits


class Desk:
    """A project and a user's configuration, both written by the test."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.mine = folder / "config" / "bridle" / "config.toml"
        self.mine.parent.mkdir(parents=True)

    def user(self, text: str) -> Desk:
        self.mine.write_text(text, "utf-8")
        return self

    def project(self, text: str) -> Desk:
        (self.root / "bridle.toml").write_text(text, "utf-8")
        return self


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Desk(tmp_path)


USER = """\
python = "~/venv/bin/python"
model = "some-model"
base_url = "http://127.0.0.1:9/"
mode = "auto"
checks_on_save = false
timeout_s = 30
context_tokens = 8000

[budget]
tokens = 1000
cost_usd = 0.25
seconds = 60
turns = 5

[diagnostics]
lint = "off"

[sandbox]
required = true

[permission]
allow = ["Edit(src/**)"]
ask = [{ rule = "Edit(docs/**)", match = ["docs/a.md"], not_match = ["src/a.md"] }]
"""


def test_without_a_file_all_is_at_its_default(desk: Desk) -> None:
    found = load(desk.root)
    assert (found.mode, found.checks_on_save, found.timeout_s, found.context_tokens) == (
        "edit",
        True,
        120.0,
        4000,
    )
    assert (found.python, found.model, found.base_url, found.rules) == (None, "", "", ())
    assert (found.budget, found.lint, found.types, found.sandbox_required) == (
        Budget(),
        "auto",
        "auto",
        False,
    )


def test_the_persons_own_file_says_everything(desk: Desk) -> None:
    found = load(desk.user(USER).root)
    assert found.python == str(Path.home() / "venv/bin/python")
    assert (found.model, found.base_url, found.mode) == ("some-model", "http://127.0.0.1:9/", "auto")
    assert (found.checks_on_save, found.timeout_s, found.context_tokens) == (False, 30.0, 8000)
    assert found.budget == Budget(1000, 250_000, 60.0, 5)
    assert (found.lint, found.types, found.sandbox_required) == ("off", "auto", True)
    assert [str(rule) for rule in found.rules] == ["allow Edit(src/**) (user)", "ask Edit(docs/**) (user)"]


def test_the_project_tightens(desk: Desk) -> None:
    project = (
        'mode = "ask"\ntimeout_s = 10\ncontext_tokens = 1000\n[budget]\ntokens = 500\ncost_usd = 0\n'
        '[sandbox]\nrequired = true\n[permission]\ndeny = ["Edit(vendor/**)"]\n'
    )
    found = load(desk.project(project).root)
    assert (found.mode, found.timeout_s, found.context_tokens, found.sandbox_required) == (
        "ask",
        10,
        1000,
        True,
    )
    assert (found.budget.tokens, found.budget.cost_usd_micros, found.budget.turns) == (500, 0, Budget().turns)
    (desk.root / "vendor").mkdir()
    assert judge(found.policy, "Edit", "vendor/a.py").rule == "deny Edit(vendor/**) (project)"


def test_the_project_and_the_editor_loosen_nothing(desk: Desk) -> None:
    loose = 'mode = "auto"\ntimeout_s = 9999\ncontext_tokens = 90000\n'
    loose += "[budget]\ntokens = 999999\n[sandbox]\nrequired = false\n"
    found = load(
        desk.user(USER.replace('"auto"', '"ask"')).project(loose).root,
        {"mode": "auto", "budget": {"turns": 99}},
    )
    assert (found.mode, found.timeout_s, found.context_tokens, found.sandbox_required) == (
        "ask",
        30,
        8000,
        True,
    )
    assert found.budget == Budget(1000, 250_000, 60.0, 5)


def test_the_editor_chooses_what_is_shown_and_checked(desk: Desk) -> None:
    client = {
        "path": "",
        "shownFolder": "/tmp/x",
        "trace": {"server": "off"},
        "checks_on_save": True,
        "diagnostics": {"lint": "on", "types": "auto"},
        "context_tokens": 900,
    }
    found = load(desk.user(USER).root, client)
    assert (found.checks_on_save, found.lint, found.context_tokens) == (True, "on", 900)


def test_where_the_way_around_is_told_is_the_editors_word_else_the_persons_and_never_the_projects(desk: Desk) -> None:
    root = desk.user('navigation = "on"\n').root
    assert load(root).navigation == "on"
    assert load(root, {"navigation": None}).navigation == "on"
    assert load(root, {"navigation": "off"}).navigation == "off"
    desk.project('navigation = "on"\n')
    with pytest.raises(UserProblem, match="'navigation' may not be set here"):
        load(root)
    with pytest.raises(UserProblem, match="navigation"):
        load(desk.user('navigation = "everywhere"\n').root)


@pytest.mark.parametrize("key", ["python", "base_url", "model"])
def test_the_model_its_address_and_the_interpreter_are_the_persons_alone(desk: Desk, key: str) -> None:
    with pytest.raises(UserProblem, match=rf"bridle\.toml:2: '{key}' may not be set here") as caught:
        load(desk.project(f'\n{key} = "x"\n').root)
    assert str(desk.mine) in caught.value.next_step
    (desk.root / "bridle.toml").unlink()
    with pytest.raises(UserProblem, match=f"editor's settings: '{key}' may not be set here"):
        load(desk.root, {key: "x"})


def test_a_project_that_allows_something_is_refused_by_line(desk: Desk) -> None:
    with pytest.raises(UserProblem, match=r"bridle\.toml:2: there is no setting 'permission.allow'") as caught:
        load(desk.project('[permission]\nallow = ["Bash"]\n').root)
    assert caught.value.next_step == "allowed here: ask, deny"


@pytest.mark.parametrize(
    ("text", "said", "step"),
    [
        ("\n\nmodle = 'x'\n", ":3: there is no setting 'modle'", "allowed here: mode, budget"),
        (
            "[budget]\ntokens = 1\nturn = 2\n",
            ":3: there is no setting 'budget.turn'",
            "allowed here: tokens, cost_usd",
        ),
        ("budget.turn = 2\n", ":1: there is no setting 'budget.turn'", "allowed here: tokens"),
        (
            "# mode\nmode = 'yolo'\n",
            ":2: 'mode': it cannot be 'yolo'",
            'it may be "acceptEdits", "ask", "auto", "edit" or "plan"',
        ),
        ("[budget]\n\ntokens = -1\n", ":3: 'budget.tokens': Expected `int` >= 1", "it may be a whole number from 1"),
        (
            "[budget]\ntokens = 'many'\n",
            ":2: 'budget.tokens': Expected `int | null`, got `str`",
            "it may be a whole number",
        ),
        (
            "timeout_s = inf\n",
            ":1: 'timeout_s': Expected `float` <= 86400",
            "it may be a number above 0 and up to 86400",
        ),
        ("a = \n", "Invalid value (at line 1", "mend that line"),
        ("[permission]\n\ndeny = ['Edti(x)']\n", ":3: the rule 'Edti(x)' names no tool", "the tools are"),
        (
            "[permission]\ndeny = [\n  {rule = 'Edit(x)', match = ['y']},\n]\n",
            ":2: the rule 'Edit(x)' does not match its example 'y'",
            "mend one",
        ),
        (
            "[permission]\ndeny = [{rule = 'Edit', mach = []}]\n",
            ":2: there is no setting 'permission.deny.mach'",
            "rule",
        ),
        ("base_url = 'http://example.org/'\n", ":1: 'base_url' is 'http://example.org/'", "https"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_is_allowed(desk: Desk, text: str, said: str, step: str) -> None:
    with pytest.raises(UserProblem) as caught:
        load(desk.user(text).root)
    assert said in caught.value.message
    assert str(desk.mine) in caught.value.message
    assert step in caught.value.next_step


@pytest.mark.parametrize("data", [b"\xff\xfe", b"x" * (1024 * 1024 + 1)])
def test_a_file_that_is_no_text_or_too_large_is_told(desk: Desk, data: bytes) -> None:
    desk.mine.write_bytes(data)
    with pytest.raises(UserProblem, match=r"config\.toml") as caught:
        load(desk.root)
    assert caught.value.next_step


def test_a_folder_in_the_place_of_the_file_is_told(desk: Desk) -> None:
    (desk.root / "bridle.toml").mkdir()
    with pytest.raises(UserProblem, match="not an ordinary file"):
        load(desk.root)


def test_state_and_settings_are_closed_to_every_tool(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(desk.root / "state"))
    policy = load(desk.root).policy
    assert judge(policy, "Read", "state/bridle/trust.json").rule == "built in: private"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Embedding()),
        ('vectors = "off"', Embedding(on=False)),
        ('vectors = "http://127.0.0.1:8000"', Embedding(server="http://127.0.0.1:8000")),
        ('[vectors]\nembedder = "openai:some"', Embedding(embedder="openai:some")),
        (
            '[vectors]\nstore = "https://chroma.example/"\nembedder = "ollama:x"\naddress = "http://localhost:1"',
            Embedding(server="https://chroma.example", embedder="ollama:x", address="http://localhost:1"),
        ),
    ],
)
def test_vectors_are_set_in_a_word_or_in_a_table(desk: Desk, text: str, expected: Embedding) -> None:
    assert load(desk.user(text).root).vectors == expected


def test_a_project_can_do_without_vectors_and_say_nothing_else_of_them(desk: Desk) -> None:
    desk.user('[vectors]\nembedder = "ollama:x"')
    assert load(desk.project('vectors = "off"').root).vectors == Embedding(on=False, embedder="ollama:x")
    for text in ('vectors = "http://127.0.0.1:8000"', '[vectors]\nembedder = "openai:x"'):
        with pytest.raises(UserProblem, match=r"bridle\.toml:"):
            load(desk.project(text).root)


@pytest.mark.parametrize(
    "text",
    [
        'vectors = "http://chroma.example"',
        'vectors = "sometimes"',
        '[vectors]\nembedder = "openai:x"\naddress = "http://far.example"',
        '[vectors]\napi_key = "k"',
    ],
)
def test_code_goes_to_no_address_that_anybody_can_listen_to(desk: Desk, text: str) -> None:
    with pytest.raises(UserProblem, match=r"config\.toml"):
        load(desk.user(text).root)


def test_editors_get_a_schema_that_knows_every_key(desk: Desk) -> None:
    for file, present, absent in (
        ("user", "base_url", "path"),
        ("project", "mode", "python"),
        ("editor", "path", "python"),
    ):
        found = schema(file)  # type: ignore[arg-type]  # the three names are written just above
        (name,) = {found["$ref"].rpartition("/")[2]}
        properties = found["$defs"][name]["properties"]
        assert present in properties
        assert absent not in properties


def test_every_setting_can_be_written_in_the_persons_file() -> None:
    names = {name.removesuffix("_required") for name in room.Settings.__struct_fields__}
    sections = {
        "policy",
        "lint",
        "types",
        "limits",
        "needs",
        "container",
        "profiles",
        "endpoints",
        "rerank",
    }  # of permission, diagnostics, sandbox, checks and context; profiles and endpoints of models.toml
    assert names - sections <= set(UserFile.__struct_fields__)


def test_limits_of_the_sandbox_are_the_persons_and_a_project_tightens_them(desk: Desk) -> None:
    usual = load(desk.root).limits
    assert usual == usual_limits()
    mine = "[sandbox]\nmemory_mb = 900000\nprocesses = 5000\ndisk_mb = 128\n"
    wide = load(desk.user(mine).root).limits
    assert (wide.memory_bytes, wide.processes, wide.disk_bytes) == (900_000 << 20, 5000, 128 << 20)
    its = "[sandbox]\nmemory_mb = 512\nprocesses = 9000\n"
    tight = load(desk.project(its).root).limits
    assert (tight.memory_bytes, tight.processes, tight.disk_bytes) == (512 << 20, 5000, 128 << 20)


def test_what_a_check_may_reach_is_said_by_the_person_alone(desk: Desk) -> None:
    text = '[checks.pytest]\nneeds = ["loopback:5432", "env:PGHOST", "read:~/.foo", "host:example.org"]\n'
    assert load(desk.user(text).root).needs == {
        "pytest": ("loopback:5432", "env:PGHOST", "read:~/.foo", "host:example.org")
    }
    desk.project(text)
    with pytest.raises(UserProblem, match="checks") as caught:
        load(desk.root)
    assert "yours alone" in caught.value.next_step


@pytest.mark.parametrize("need", ["loopback:99999", "env:ANTHROPIC_API_KEY", "read:relative", "network", "host:a b"])
def test_a_need_that_cannot_be_granted_names_its_line(desk: Desk, need: str) -> None:
    desk.user(f'[checks.pytest]\nneeds = ["{need}"]\n')
    with pytest.raises(UserProblem, match=r"config\.toml:2: ") as caught:
        load(desk.root)
    assert "loopback:PORT" in caught.value.next_step


def test_a_container_is_the_persons_own_choice_and_needs_an_image(desk: Desk) -> None:
    assert load(desk.root).container is None
    chosen = load(desk.user('[sandbox]\ncontainer = "podman"\nimage = "tools:1"\n').root).container
    assert chosen == Container("podman", "tools:1")
    for wrong in ('container = "podman"', 'container = "podman"\nimage = "--privileged"', 'container = "runc"'):
        desk.user(f"[sandbox]\n{wrong}\n")
        with pytest.raises(UserProblem, match=r"config\.toml:2"):
            load(desk.root)
    desk.user("")
    desk.project('[sandbox]\ncontainer = "docker"\nimage = "theirs"\n')
    with pytest.raises(UserProblem):
        load(desk.root)


@pytest.fixture
def managed(tmp_path: Path) -> Path:
    return tmp_path / "managed.toml"


def test_what_the_owner_of_the_machine_says_stands_above_all(desk: Desk, managed: Path) -> None:
    managed.write_text(
        'mode = "acceptEdits"\n[permission]\nallow = ["Bash(make:*)"]\ndeny = ["Bash(curl:*)"]\n'
        "[sandbox]\nrequired = true\n"
    )
    desk.user('mode = "auto"\n[permission]\nallow = ["Bash(curl:*)"]\n')
    settings = load(desk.root, {}, managed)
    assert settings.mode == "edit"
    assert settings.sandbox_required
    assert judge(settings.policy, "Bash", "curl x").rule == "deny Bash(curl:*) (managed)"
    assert judge(settings.policy, "Bash", "make all").rule == "allow Bash(make:*) (managed)"
    assert judge(settings.policy, "Read", str(managed)).verdict == "deny"


def test_a_managed_file_that_anybody_may_write_is_not_believed(desk: Desk, managed: Path) -> None:
    managed.write_text("")
    managed.chmod(0o666)
    with pytest.raises(UserProblem, match="may write"):
        load(desk.root, {}, managed)


def test_the_managed_file_is_where_administrators_look_for_it() -> None:
    assert Path("/etc/bridle/managed.toml") == room.MANAGED_FILE


def test_other_harnesses_names_of_a_mode_are_understood(desk: Desk) -> None:
    assert load(desk.user('mode = "acceptEdits"\n').root, {}).mode == "edit"


def test_hooks_come_from_the_machine_the_person_and_the_project_in_this_order(desk: Desk, managed: Path) -> None:
    text = '[[hook]]\nname = "{0}"\nargv = ["{0}"]\ntools = ["Bash"]\ntimeout_s = 2\n'
    managed.write_text(text.format("a"))
    desk.user(text.format("b")).project(text.format("c"))
    hooks = load(desk.root, {}, managed).hooks
    assert [(hook.name, hook.origin, hook.tools, hook.timeout_s) for hook in hooks] == [
        ("a", "managed", ("Bash",), 2.0),
        ("b", "user", ("Bash",), 2.0),
        ("c", "project", ("Bash",), 2.0),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[hook]]\nname = "a"\nargv = []\n', "length >= 1"),
        ('[[hook]]\nname = "a"\nargv = ["x"]\ntimeout_s = 60\n', "<= 5"),
        ('[[hook]]\nname = "a"\nargv = ["x"]\ntools = ["Dance"]\n', "no tool 'Dance'"),
        ('[[hook]]\nargv = ["x"]\n', "name"),
    ],
)
def test_a_hook_that_cannot_be_is_told_by_line(desk: Desk, text: str, said: str) -> None:
    with pytest.raises(UserProblem, match=said) as caught:
        load(desk.user(text).root, {})
    assert "config.toml" in caught.value.message


def test_the_editor_brings_no_hooks(desk: Desk) -> None:
    with pytest.raises(UserProblem, match="hook"):
        load(desk.root, {"hook": [{"name": "a", "argv": ["x"]}]})


@pytest.mark.parametrize(
    ("effect", "rule", "match", "not_match", "fine"),
    [
        ("allow", "Bash(git log:*)", "git log -3", "git logx", True),
        ("allow", "Bash(git log:*)", "/usr/bin/git log", "", False),
        ("deny", "Bash(git push:*)", "/usr/bin/git -C x push", "git log push", True),
        ("deny", "Bash(git push:*)", "", "git -C x push", False),
    ],
)
def test_the_examples_of_a_rule_for_commands_are_held_as_the_rule_is_used(
    desk: Desk, effect: str, rule: str, match: str, not_match: str, fine: bool
) -> None:
    some = {"match": [match] if match else [], "not_match": [not_match] if not_match else []}
    desk.user(
        f'[permission]\n{effect} = [{{rule = "{rule}", match = {some["match"]}, not_match = {some["not_match"]}}}]\n'
    )
    if fine:
        load(desk.root, {})
    else:
        with pytest.raises(UserProblem, match=r"example|not_match"):
            load(desk.root, {})


def test_the_examples_of_the_page_on_permission_are_settings(desk: Desk) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "permission.md").read_text("utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    settings = load(desk.user("\n".join(blocks)).root, {})
    assert [hook.name for hook in settings.hooks] == ["freeze"]
    assert judge(settings.policy, "Bash", "timeout 60 pytest").verdict == "allow"
    assert judge(settings.policy, "Bash", "pytest -p plugin").verdict == "ask"
    for command in ("/usr/bin/curl x", "'cu'rl x", "env curl x", 'sh -c "curl x"', "echo $(curl x)"):
        assert judge(settings.policy, "Bash", command).verdict == "deny"
