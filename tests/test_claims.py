"""What may be said is what was earned, and no sentence says why."""

import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import at, rows

from analytics.claims import APPEALS_COMPARED, PLACEBOS, claims
from analytics.discovery import with_q
from analytics.measured import CLAIMS, ENDINGS, LAGS, MEDIAN_WAITS, TEMPLATES
from analytics.tables import APPEALS, RESPONSES
from dashboards import claims as worded
from dashboards.claims import more, sentence

CAUSAL = re.compile(
    r"\b(caus\w*|led to|leads? to|thanks to|impact\w*|because|due to|result\w*|made|forced|why)\b",
    re.IGNORECASE,
)
APPEAL = {"appeal_id": "a", "simulated": False, "published_at": at(0)}
ACT = {"appeal_id": "a", "actor": "police", "verb_code": "09", "response_id": "r",
       "from": at(240), "to": at(264), "rung": 3}  # fmt: skip
BESIDE = {"appeal_id": "a", "response_id": "r", "what": "posts", "before": 10, "after": 40,
          "days": 7.0, "ratio": 4.0, "ratio_lo": 1.97, "ratio_hi": 8.97, "windows": 99,
          "placebo_p": 0.01}  # fmt: skip
METHODS = [
    {"appeal_id": "a", "response_id": "r", "method": method, "placebos": 39, "placebo_p": 0.025,
     "agrees": True, "controls": controls}
    for method, controls in [("quasi_poisson", 0), ("structural", 3)]
]  # fmt: skip
NO_METHODS = pl.DataFrame(METHODS).clear()
COMPARED = {"by": "register", "register": None, "ending": "rung_3", "one": "wtp", "other": "uk",
            "appeals": 40, "p": 0.01, "selection": "census"}  # fmt: skip
NONE_COMPARED = pl.DataFrame([COMPARED], schema_overrides={"register": pl.String}).clear()
MEDIA = pl.DataFrame({"appeal_id": ["a"], "at": [at(200)]})


def told(
    *, appeal: dict[str, Any] | None = None, **tables: pl.DataFrame
) -> dict[str, dict[str, Any]]:
    """Return claims by id, of one appeal with one response."""
    given_tables = {
        "lags": LAGS.empty(),
        "beside": pl.DataFrame([BESIDE]).clear(),
        "interruptions": NO_METHODS,
        "waited": MEDIAN_WAITS.empty(),
        "comparisons": NONE_COMPARED,
        "media": MEDIA,
    } | tables
    found = claims(rows(APPEALS, APPEAL | (appeal or {})), rows(RESPONSES, ACT), **given_tables)
    return {row["claim_id"]: row for row in found.to_dicts()}


def beside(**changes: Any) -> pl.DataFrame:  # noqa: ANN401 - cells of all types
    return pl.DataFrame([BESIDE | changes], infer_schema_length=None)


# Levels


def test_a_description_needs_no_test() -> None:
    found = told(beside=beside(windows=PLACEBOS - 1))["a/beside/r"]
    assert (found["level"], found["tests"], found["q"]) == (0, 0, None)
    assert (found["value"], found["n"], found["window"]) == (4, 50, 7)


@pytest.mark.parametrize(("p", "level"), [(0.05, 1), (0.051, 0)])
def test_an_association_is_tested_against_other_windows(p: float, level: int) -> None:
    assert told(beside=beside(placebo_p=p))["a/beside/r"]["level"] == level


def test_what_was_tried_beside_it_counts() -> None:
    others = [BESIDE | {"response_id": f"r{k}", "placebo_p": 0.9} for k in range(4)]
    five = pl.DataFrame([BESIDE | {"placebo_p": 0.02}, *others])
    found = told(beside=five)["a/beside/r"]
    assert (found["level"], found["tests"]) == (0, 5)
    assert found["q"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({}, 2),
        ({"placebos": PLACEBOS - 1}, 1),
        ({"agrees": False}, 1),
        ({"placebo_p": 0.2}, 1),
        ({"placebo_p": None}, 1),
    ],
)
def test_exceeding_placebo_dates_takes_both_methods(change: dict[str, Any], level: int) -> None:
    methods = pl.DataFrame([METHODS[0], METHODS[1] | change])
    assert told(beside=beside(), interruptions=methods)["a/beside/r"]["level"] == level


def test_one_method_alone_exceeds_nothing() -> None:
    methods = pl.DataFrame(METHODS[:1])
    assert told(beside=beside(), interruptions=methods)["a/beside/r"]["level"] == 1


@pytest.mark.parametrize(
    ("plan_at", "controls", "level"), [(1, 3, 3), (240, 3, 2), (None, 3, 2), (1, 0, 2)]
)
def test_an_effect_takes_a_plan_and_controls(
    plan_at: float | None, controls: int, level: int
) -> None:
    methods = pl.DataFrame([METHODS[0], METHODS[1] | {"controls": controls}])
    plan = {"plan": "https://example.org", "plan_at": None if plan_at is None else at(plan_at)}
    found = told(beside=beside(), interruptions=methods, appeal=plan)["a/beside/r"]
    assert found["level"] == level
    assert (found["needs"] is None) == (level == 3)


@pytest.mark.parametrize(
    ("change", "level"),
    [({}, 1), ({"appeals": APPEALS_COMPARED - 1}, 0), ({"p": 0.06}, 0)],
)
def test_groups_of_appeals_differ_where_the_test_says_so(
    change: dict[str, Any], level: int
) -> None:
    compared = pl.DataFrame([COMPARED | change], infer_schema_length=None).cast(
        {"p": pl.Float64, "register": pl.String}
    )
    assert told(comparisons=compared)["waits/register/rung_3/wtp/uk"]["level"] == level


def test_an_appeal_that_nobody_answered_is_told() -> None:
    known = {"outcome_known_until": at(240)}
    found = claims(
        rows(APPEALS, APPEAL | known), RESPONSES.empty(),
        lags=LAGS.empty(), beside=beside().clear(),
        interruptions=NO_METHODS, waited=MEDIAN_WAITS.empty(), comparisons=NONE_COMPARED,
        media=MEDIA,
    )  # fmt: skip
    (row,) = found.to_dicts()
    assert (row["template"], row["value"], row["n"]) == ("none_yet", 10, 0)


def test_an_appeal_of_which_nobody_looked_for_an_outcome_is_not_said_to_wait() -> None:
    found = claims(
        rows(APPEALS, APPEAL), RESPONSES.empty(), lags=LAGS.empty(), beside=beside().clear(),
        interruptions=NO_METHODS, waited=MEDIAN_WAITS.empty(), comparisons=NONE_COMPARED,
        media=MEDIA,
    )  # fmt: skip
    assert found.is_empty()


WAITED = {"register": "wtp", "ending": "rung_1", "appeals": 40, "ended": 30, "left_out": 0,
          "early": 0, "median": 58.0, "median_lo": 40.0, "watched_days": 600.0,
          "selection": "census"}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "had “acknowledges” (rung +1) or more by 58 [40 – …] days after publication"),
        ({"median": None}, "still waited for “acknowledges” (rung +1) or more after 600 days"),
        ({"ending": "negative", "median_hi": 80.0}, "had an act that harms by 58 [40 – 80] days"),
    ],
)
def test_waits_of_a_register_are_told_in_words(change: dict[str, Any], words: str) -> None:
    found = told(waited=rows(MEDIAN_WAITS, WAITED | change))
    row = found[f"waited/wtp/{change.get('ending', 'rung_1')}"]
    assert row["level"] == 0
    assert words in sentence(row)
    assert "how the appeals were selected: census" in sentence(row)


@pytest.mark.parametrize("change", [{"appeals": APPEALS_COMPARED - 1, "ended": 3}, {"ended": 0}])
def test_few_appeals_or_none_that_ended_give_no_claim(change: dict[str, Any]) -> None:
    assert not [
        name for name in told(waited=rows(MEDIAN_WAITS, WAITED | change)) if "waited" in name
    ]


# Rivals


def test_rivals_are_named_with_what_is_known_of_them() -> None:
    complaint = {"registered_at": at(-24)}
    assert told(beside=beside(), appeal=complaint)["a/beside/r"]["rivals"] == [
        "coverage by media: present", "an earlier complaint: present",
        "the authority's own calendar: not known", "a holiday: not known",
    ]  # fmt: skip
    far = pl.DataFrame({"appeal_id": ["a"], "at": [at(24 * 30)]})
    found = told(beside=beside(), media=far, appeal={"registered_at": at(24)})
    assert found["a/beside/r"]["rivals"][:2] == [
        "coverage by media: not known", "an earlier complaint: absent",
    ]  # fmt: skip


# False discoveries


def test_q_by_hand() -> None:
    p = [0.01, 0.02, 0.03, 0.5, None]
    found = with_q(pl.DataFrame({"p": p}), [])
    assert found["q"].to_list() == pytest.approx([0.04, 0.04, 0.04, 0.5, None])
    assert found["tests"].to_list() == [4] * 5


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_q_is_that_of_scipy(p: list[float]) -> None:
    stats = pytest.importorskip("scipy.stats")
    wanted = stats.false_discovery_control(p)
    assert with_q(pl.DataFrame({"p": p}), [])["q"].to_list() == pytest.approx(list(wanted))


# Words

numbers = st.none() | st.floats(-1e5, 1e5)


@st.composite
def any_claim(draw: st.DrawFn) -> dict[str, Any]:
    template = draw(st.sampled_from(TEMPLATES))
    most = {"beside": 3, "waits_differ": 1}.get(template, 0)
    lo = draw(numbers)
    return dict.fromkeys(CLAIMS.columns) | {
        "template": template, "level": draw(st.integers(0, most)),
        "rung": draw(st.integers(-4, 6)), "value": draw(numbers), "value_lo": lo,
        "value_hi": None if lo is None else lo + draw(st.floats(0, 1e4)),
        "n": draw(st.integers(0, 10**6)),
        "window": draw(st.floats(0, 1000) if template == "waited" else numbers),
        "about": {"after": "published", "waited": draw(st.sampled_from(ENDINGS))}.get(
            template, "rung 3: one | other"
        ),
        "compared_with": draw(st.sampled_from([None, "others"])),
        "tests": draw(st.integers(0, 100)), "q": draw(st.none() | st.floats(0, 1)),
        "rivals": draw(st.sampled_from([None, [], ["a holiday: not known"]])),
        "needs": draw(st.sampled_from([None, "more appeals"])),
    }  # fmt: skip


@given(any_claim())
def test_no_claim_says_why(claim: dict[str, Any]) -> None:
    said = sentence(claim)
    assert said.endswith(").")
    assert not CAUSAL.search(said + more(claim))
    for part in (f"{claim['n']:,} ", f"{claim['tests']} test", "compared with"):
        assert part in said


def test_every_phrase_is_free_of_reasons() -> None:
    phrases = (*worded.BESIDE, *worded.WAITS_DIFFER)
    assert not [phrase for phrase in phrases if CAUSAL.search(phrase)]


@pytest.mark.parametrize(
    ("lo", "hi", "words"),
    [
        (10, 20, "10 to 20 hours after publication"),
        (480, 482, "20 days after publication"),
        (480, 504, "20 to 21 days after publication"),
        (-48, 72, "between 2 days before and 3 days after publication"),
        (-72, -48, "2 to 3 days before publication"),
        (None, None, "at a time that cannot be set against the appeal's"),
    ],
)
def test_a_lag_in_words(lo: float | None, hi: float | None, words: str) -> None:
    claim = dict.fromkeys(CLAIMS.columns) | {
        "template": "after", "level": 0, "rung": 3, "value_lo": lo, "value_hi": hi, "n": 1,
        "tests": 0, "about": "published",
    }  # fmt: skip
    assert words in sentence(claim)
