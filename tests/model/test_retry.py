"""The one retry policy, as a rule over any sequence of problems."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.model.classify import Refusal, problem_of, retry_after
from bridle.harness.model.client import Listener, ModelProblem, ModelReply, ModelRequest, ProblemKind
from bridle.harness.model.retry import Patient, Policy, wait_s
from bridle.harness.nouns import Usage
from tests.model.asking import Ear, request

KINDS: st.SearchStrategy[ProblemKind] = st.sampled_from(["fatal", "transient", "unknown"])
PROBLEMS = st.builds(
    ModelProblem,
    KINDS,
    st.just("x"),
    retry_after_s=st.none() | st.floats(0, 500),
    spent=st.just(Usage(7, 1, turns=1)),
)
LUCK = st.floats(0, 1)
POLICY = Policy()


@given(PROBLEMS, st.integers(1, 10), st.floats(0, 300), LUCK)
def test_waits_are_bounded_and_fatal_problems_have_none(
    problem: ModelProblem, attempt: int, waited_s: float, luck: float
) -> None:
    wait = wait_s(problem, attempt, waited_s, luck, POLICY)
    if wait is None:
        return
    assert problem.kind != "fatal"
    assert attempt < POLICY.attempts
    assert 0 <= wait <= POLICY.total_s - waited_s


@given(LUCK, LUCK, st.integers(1, 3))
def test_waits_grow_whatever_the_luck(low: float, high: float, attempt: int) -> None:
    problem = ModelProblem("transient", "x")
    first = wait_s(problem, attempt, 0, low, POLICY)
    later = wait_s(problem, attempt + 1, 0, high, POLICY)
    assert first is not None
    assert later is not None
    assert first <= later


class Failing:
    """A client that raises what it was given, then answers."""

    model = "m"
    endpoint = "here"

    def __init__(self, problems: list[ModelProblem]) -> None:
        self.problems = list(problems)
        self.n_asked = 0

    async def prepare(self) -> None: ...

    async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        self.n_asked += 1
        if self.problems:
            raise self.problems.pop(0)
        return ModelReply((), "end_turn", Usage(100, 10, turns=1), "m")

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.slow
@given(st.lists(PROBLEMS, max_size=8))
async def test_a_client_is_asked_no_more_than_the_policy_allows_and_all_cost_is_kept(
    problems: list[ModelProblem],
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    failing = Failing([ModelProblem(p.kind, "x", retry_after_s=p.retry_after_s, spent=Usage(7, 1)) for p in problems])
    client = Patient(failing, sleep=sleep, now=lambda: sum(waited), luck=lambda: 0.5)
    used = await spent_by(client)
    answered = not isinstance(used, ModelProblem)
    n_failed = failing.n_asked - answered
    spent = used.spent if isinstance(used, ModelProblem) else used
    assert spent.input_tokens == 7 * n_failed + 100 * answered
    assert failing.n_asked <= POLICY.attempts
    assert sum(waited) <= POLICY.total_s
    assert all(problem.kind != "fatal" for problem in problems[: n_failed - 1])


async def spent_by(client: Patient) -> Usage | ModelProblem:
    try:
        return (await client.reply(request(), Ear())).usage
    except ModelProblem as problem:
        return problem


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Refusal(400, "invalid_request_error"), "fatal"),
        (
            Refusal(400, "invalid_request_error", message="You have reached your specified API usage limits."),
            "fatal",
        ),
        (Refusal(401), "fatal"),
        (Refusal(402), "fatal"),
        (Refusal(403), "fatal"),
        (Refusal(404), "fatal"),
        (Refusal(413), "fatal"),
        (Refusal(422), "fatal"),
        (Refusal(429, "rate_limit_error"), "transient"),
        (Refusal(429, "rate_limit_error", "enforced_spend_limit_reached"), "fatal"),
        (Refusal(408), "transient"),
        (Refusal(500), "transient"),
        (Refusal(529, "overloaded_error"), "transient"),
        (Refusal(200, "overloaded_error"), "transient"),
        (Refusal(200, "invalid_request_error"), "fatal"),
        (Refusal(302), "fatal"),
        (Refusal(200, "weather_error"), "unknown"),
    ],
)
def test_each_refusal_has_its_class_and_its_next_step(refusal: Refusal, kind: str) -> None:
    problem = problem_of(refusal, "m", "https://here")
    assert problem.kind == kind
    assert problem.next_step


def test_a_spend_limit_is_called_by_its_name_whatever_its_status() -> None:
    for refusal in (
        Refusal(402),
        Refusal(429, code="enforced_spend_limit_reached"),
        Refusal(400, message="Usage limits"),
    ):
        assert "spend limit" in problem_of(refusal, "m", "https://here").message


@given(st.builds(Refusal, st.integers(100, 599), st.text(), st.text(), st.text(min_size=8)))
def test_what_an_endpoint_sends_as_words_is_never_repeated(refusal: Refusal) -> None:
    problem = problem_of(refusal, "m", "https://here")
    assert refusal.message not in problem.message + problem.next_step


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17.0), ("0.5", 0.5), ("-1", None), ("soon", None), ("nan", None), ("1e9", None)],
)
def test_a_wait_is_taken_from_the_header_only_where_it_is_a_sane_number(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds
