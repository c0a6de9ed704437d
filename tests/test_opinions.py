"""Shares of stances: what codes tell alone, and what a classifier may add."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import at, rows

from analytics.errors import FormatError, LedgerError
from analytics.guessing import FOLDS, guesses
from analytics.measured import OPINION_AGREEMENT, OPINIONS
from analytics.opinions import (
    FEWEST,
    ONE_SIDED,
    TOO_FEW,
    Standing,
    drawn,
    opinion_agreement,
    opinions,
    population,
    powered,
    standing,
)
from analytics.store import Store
from analytics.tables import POSTS, STANCES
from collectors.opinions import import_stances
from dashboards.opining import Asked, again, sample

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
OPEN = 'level = "open"\nreason = "invented posts"'


def post(number: int, text: str | None = "words", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"appeal_id": "a", "post_id": f"youtube:{number:04}", "platform": "youtube",
            "kind": "comment", "source": "test", "text": text, "at": at(number)} | more  # fmt: skip


def code(number: int, stance: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"appeal_id": "a", "post_id": f"youtube:{number:04}", "coder": "Ann", "stance": stance,
            "probability": 0.1, "is_blind": False, "at": NOON} | more  # fmt: skip


# Drawing


def test_only_posts_with_words_of_their_own_are_drawn_from() -> None:
    posts = rows(POSTS, post(1), post(2, None), post(3, " "), post(4, kind="repost"),
                 post(5, kind="article"))  # fmt: skip
    assert population(posts)["post_id"].to_list() == ["youtube:0001", "youtube:0005"]
    assert population(posts, ("comment",))["post_id"].to_list() == ["youtube:0001"]


@given(st.integers(0, 50), st.integers(1, 60), st.integers(0, 9))
def test_a_sample_is_part_of_a_larger_one(many: int, size: int, seed: int) -> None:
    held = pl.DataFrame({"post_id": [str(k) for k in range(many)]}, schema={"post_id": pl.String})
    small, large = (drawn(held, n, seed=seed) for n in (size, size + 5))
    assert small["post_id"].is_unique().all()
    assert small["post_id"].to_list() == large["post_id"].to_list()[:size]
    assert (small["probability"] == min(size / max(many, 1), 1)).all()


def test_every_post_is_as_likely_as_any_other() -> None:
    held = pl.DataFrame({"post_id": list("abcdefghij")})
    counts = pl.concat(drawn(held, 3, seed=k).select("post_id") for k in range(2000))
    shares = counts.group_by("post_id").len()["len"] / 2000
    assert ((shares - 0.3).abs() < 0.05).all()


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 70), st.integers(0, 9))
def test_each_day_gives_as_many_as_any_other_as_far_as_it_has_them(
    days: list[int], size: int, seed: int
) -> None:
    named = {"post_id": [str(k) for k in range(len(days))], "at": [at(24 * k) for k in days]}
    held = pl.DataFrame(named, schema={"post_id": pl.String, "at": pl.Datetime("us", "UTC")})
    small, large = (drawn(held, n, seed=seed, by_day=True) for n in (size, size + 5))
    assert small["post_id"].to_list() == large["post_id"].to_list()[:size]
    assert small.height == min(size, held.height)
    taken = dict(small.group_by("at").len().iter_rows())
    most = max(taken.values(), default=0)
    for day, there in held.group_by("at").len().iter_rows():
        assert taken.get(day, 0) >= min(there, most - 1)
        chance = small.filter(at=day)["probability"]
        assert (chance == taken.get(day, 0) / there).all()


# What codes stand for


def burst(rng: np.random.Generator) -> pl.DataFrame:
    """Return posts of 30 days, ever fewer of them, of which ever more condemn."""
    many = np.maximum(1500 * np.exp(-np.arange(30) / 4), 12).astype(int)
    day = np.repeat(np.arange(30), many)
    says = (rng.random(day.size) < 0.15 + 0.02 * day).astype(float)
    ids = [str(k) for k in range(day.size)]
    return pl.DataFrame({"post_id": ids, "at": [at(24 * int(k)) for k in day], "says": says})


@pytest.mark.parametrize("quality", ["good", "poor", "biased"])
def test_intervals_hold_the_truth_where_a_day_is_drawn_like_any_other(quality: str) -> None:
    rng = np.random.default_rng(4)
    held = burst(rng)
    truth = held["says"].to_numpy()
    guessed = guess(quality, truth, rng.random(truth.size))
    held_it, off, plain = 0, [], []
    for seed in range(200):
        own = held.join(drawn(held, 200, seed=seed, by_day=True), on="post_id", how="left",
                        maintain_order="left")  # fmt: skip
        known = own["probability"].is_not_null().to_numpy()
        mean, error, _ = powered(truth, known, guessed, standing(own["at"], own["probability"]))
        held_it += abs(mean - truth.mean()) <= 1.96 * error
        off.append(mean - truth.mean())
        plain.append(truth[known].mean() - truth.mean())
    assert held_it / 200 >= 0.93
    assert abs(np.mean(off)) < 0.01
    assert np.mean(plain) > 0.1  # what codes tell that all count alike


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0.01, 1), st.booleans()), min_size=2))
def test_what_codes_stand_for_is_the_whole(posts: list[tuple[int, float, bool]]) -> None:
    days = pl.Series([at(24 * day) for day, _, _ in posts])
    likely = pl.Series([p if coded else None for _, p, coded in posts], dtype=pl.Float64)
    if likely.drop_nulls().is_empty():
        return
    stands = standing(days, likely)
    assert stands.pull.sum() == pytest.approx(1)
    assert (stands.pull > 0).all()
    assert (stands.doubt >= 0).all()


def test_a_post_stands_for_one_over_its_chance_and_strata_for_their_size() -> None:
    days = pl.Series([at(0)] * 20 + [at(24)] * 80)
    likely = [0.5] * 10 + [None] * 10 + [0.1] * 5 + [0.2] * 5 + [None] * 70
    stands = standing(days, pl.Series(likely))
    assert stands.group.tolist() == [0] * 10 + [1] * 10
    assert stands.pull.tolist() == pytest.approx(
        [0.2 / 10] * 10 + [0.8 / 7.5] * 5 + [0.4 / 7.5] * 5
    )
    assert stands.doubt[0] == pytest.approx(0.02**2 * (1 - 10 / 20) * 10 / 9)


# Reference: ppi-python 0.2.3, ppi_mean_pointestimate and ppi_mean_ci(alpha=0.05) on these numbers
PPI = [
    (False, 0, 0.575, (0.4218043326896019, 0.728195667310398)),
    (False, 1, 0.5404, (0.42785381290239677, 0.6529461870976032)),
    (True, 0, 0.5972222222222222, None),
    (True, 1, 0.5558444444444445, None),
]


@pytest.mark.parametrize(("weighted", "trust", "mean", "ends"), PPI)
def test_means_and_errors_are_those_of_another_library(
    weighted: bool,  # noqa: FBT001
    trust: int,
    mean: float,
    ends: tuple[float, float] | None,
) -> None:
    k = np.arange(400)
    truth = (k * k % 11 < 4).astype(float)
    guessed = trust * (0.3 * truth + 0.02 * (k * 3 % 11))  # so shy that they are trusted fully
    known = k * 37 % 400 < 40
    weight = (1.0 + k * k % 7 % 4)[known] if weighted else np.ones(40)
    pull = weight / weight.sum()
    endless = Standing(pull, np.zeros(40, np.int64), pull**2)
    found, error, _ = powered(truth, known, guessed, endless)
    assert found == pytest.approx(mean)
    if ends:  # there without the two misses that are added here, and of posts without end
        theirs = ((ends[1] - ends[0]) / 2 / 1.959963984540054) ** 2
        assert error**2 - 2 / 40**2 + guessed.var() / 400 == pytest.approx(theirs)


# What a classifier may add


def guess(quality: str, truth: Any, noise: Any) -> Any:  # noqa: ANN401
    """Return guesses of one quality."""
    return {
        "sure": 0.9 * truth + 0.1 * noise,
        "nearly": np.abs(truth - (noise < 0.01)),
        "good": np.abs(truth - (noise < 0.1)),
        "poor": 0.05 * truth + 0.95 * noise,
        "biased": np.clip(0.8 + 0.1 * truth + 0.05 * noise, 0, 1),
        "wrong": 0.9 * (1 - truth) + 0.1 * noise,
    }[quality]


def setting(quality: str, rng: np.random.Generator, n: int = 200) -> tuple[Any, ...]:
    truth = (rng.random(3000) < 0.3).astype(float)
    guessed = guess(quality, truth, rng.random(3000))
    known = np.isin(np.arange(3000), rng.choice(3000, n, replace=False))
    return truth, known, guessed, alike(known)


def alike(known: Any) -> Standing:  # noqa: ANN401
    """Return what codes stand for where all were as likely to be drawn."""
    likely = pl.Series([0.1 if each else None for each in known])
    return standing(pl.Series([None] * len(known), dtype=pl.Datetime), likely)


def covered(quality: str) -> float:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        truth, *rest = setting(quality, rng)
        mean, error, _ = powered(truth, *rest)
        held += abs(mean - truth.mean()) <= 1.96 * error
    return held / 400


@pytest.mark.parametrize("quality", ["good", "poor", "biased", "wrong"])
def test_intervals_hold_the_truth_however_poor_the_guesses(quality: str) -> None:
    assert 0.92 <= covered(quality) <= 0.98


@pytest.mark.parametrize("quality", ["sure", "nearly"])
def test_intervals_hold_the_truth_where_hardly_any_miss_was_met(quality: str) -> None:
    assert covered(quality) >= 0.95  # wider than need be: what was not met may still be there


def test_good_guesses_are_worth_many_codes_and_poor_ones_cost_none() -> None:
    rng = np.random.default_rng(2)
    good, poor = (powered(*setting(quality, rng))[2] for quality in ("nearly", "poor"))
    assert good > 1000
    assert 190 < poor < 260


@given(st.floats(0, 1), st.integers(2, 40))
def test_a_guess_that_tells_nothing_leaves_the_codes_alone(constant: float, many: int) -> None:
    rng = np.random.default_rng(many)
    truth = (rng.random(100) < 0.5).astype(float)
    known = np.arange(100) < many
    mean, _, _ = powered(truth, known, np.full(100, constant), alike(known))
    assert mean == pytest.approx(truth[:many].mean())


def test_the_estimate_is_guesses_for_all_and_what_they_are_off() -> None:
    rng = np.random.default_rng(3)
    truth, known, f, stands = setting("sure", rng)
    mean, _, _ = powered(truth, known, f, stands)
    weight = min(np.cov(truth[known], f[known], ddof=0)[0, 1] / f[known].var(), 1.0)
    assert mean == pytest.approx(weight * f.mean() + (truth[known] - weight * f[known]).mean())


def test_all_coded_is_no_estimate() -> None:
    truth = np.array([1.0, 0, 1, 1] * 10)
    known, guessed = np.ones(40, bool), np.random.default_rng(0).random(40)
    once_drawn = pl.Series([0.2] * 15 + [0.8] * 25)
    for stands in (alike(known), standing(pl.Series([at(0)] * 40), once_drawn)):
        mean, error, _ = powered(truth, known, guessed, stands)
        assert mean == pytest.approx(0.75)
        assert error == 0


def test_guesses_of_a_fold_have_not_seen_it() -> None:
    text = pl.Series([f"слово{k % 7} {'позор' if k % 2 else 'спасибо'}" for k in range(60)])
    truth = np.arange(60) % 2 == 1
    fold = np.where(np.arange(60) < 40, np.arange(60) % FOLDS, -1)
    turned = np.where(fold == 2, ~truth, truth)
    found, other = guesses(text, np.array([truth, turned]), fold)
    assert ((found[40:] > 0.5) == truth[40:]).all()
    assert np.array_equal(other[fold == 2], found[fold == 2])
    assert (other[fold == 0] != found[fold == 0]).all()


# Tables


def told(many: int = 40) -> dict[tuple[str, str, str], dict[str, Any]]:
    words = ["позор полиции", "спасибо полиции", "когда суд"]
    posts = rows(POSTS, *(post(k, words[k % 3], at=at(k // 2)) for k in range(200)))
    stances = rows(STANCES, *(
        code(k, ["condemns", "defends", "asks"][k % 3], target="police") for k in range(many)
    ))  # fmt: skip
    whole = opinions(population(posts), stances).filter("is_whole").to_dicts()
    return {(row["target"], row["stance"], row["method"]): row for row in whole}


def test_shares_are_told_with_and_without_a_classifier() -> None:
    found = told()
    alone, helped = (
        found["any", "condemns", method] for method in ("coded_only", "prediction_powered")
    )
    assert (alone["posts"], alone["coded"]) == (200, 40)
    assert alone["share"] == pytest.approx(14 / 40)
    assert alone["lo"] < 67 / 200 < alone["hi"]
    assert helped["share"] == pytest.approx(67 / 200, abs=0.01)
    assert helped["hi"] - helped["lo"] < 0.6 * (alone["hi"] - alone["lo"])
    assert found["police", "condemns", "coded_only"]["share"] == alone["share"]


def test_codes_of_comments_say_nothing_of_articles() -> None:
    posts = rows(POSTS, *(post(k, kind="article" if k % 4 else "comment") for k in range(400)))
    drawn_from = population(posts, ("comment",))["post_id"].to_list()
    stances = rows(STANCES, *(
        code(0, "asks" if k % 2 else "neutral", post_id=post_id)
        for k, post_id in enumerate(drawn_from[:60])
    ))  # fmt: skip
    found = opinions(population(posts), stances).filter("is_whole")
    assert set(found["posts"]) == {100}
    both = pl.concat([stances, rows(STANCES, code(1, "asks"))])
    assert set(opinions(population(posts), both).filter("is_whole")["posts"]) == {400}


def test_kinds_that_were_drawn_by_different_chances_count_by_their_size() -> None:
    posts = rows(POSTS, *(post(k, kind="article" if k < 40 else "comment") for k in range(440)))
    codes = [code(k, "asks", probability=1.0) for k in range(40)]
    codes += [code(40 + 10 * k, "neutral", probability=0.1) for k in range(40)]
    found = opinions(population(posts), rows(STANCES, *codes)).filter("is_whole", stance="asks")
    for row in found.filter(target="any").to_dicts():
        assert row["share"] == pytest.approx(40 / 440, abs=0.02)  # of codes it is one half


def test_few_codes_give_counts_alone() -> None:
    found = told(FEWEST - 1)
    assert {row["note"] for row in found.values()} == {TOO_FEW}
    assert {row["share"] for row in found.values()} == {None}


def test_what_is_said_hardly_ever_is_not_learnt() -> None:
    posts = rows(POSTS, *(post(k) for k in range(100)))
    stances = rows(STANCES, code(0, "asks"), *(code(k, "neutral") for k in range(1, 50)))
    found = opinions(population(posts), stances).filter("is_whole", stance="asks")
    assert found.filter(method="prediction_powered")["note"].to_list() == [ONE_SIDED]
    (alone,) = found.filter(method="coded_only").to_dicts()
    assert 0 < alone["lo"] < alone["share"] < alone["hi"] < 0.12


def test_stretches_are_days_in_a_row_with_enough_codes() -> None:
    posts = rows(POSTS, *(post(k, at=at(k)) for k in range(24 * 6)))
    stances = rows(STANCES, *(code(k, "asks" if k % 2 else "neutral") for k in range(24 * 6)))
    found = opinions(population(posts), stances).filter(
        ~pl.col("is_whole"), stance="asks", method="coded_only"
    )
    assert found["coded"].sum() <= 24 * 6
    assert (found["coded"] >= FEWEST).all()
    assert found.height == 3
    assert (found["from"] < found["to"]).all()
    assert (found["from"][1:] > found["to"][:-1]).all()


def test_a_second_coder_changes_no_share_and_tells_agreement() -> None:
    posts = rows(POSTS, *(post(k) for k in range(100)))
    first = [code(k, "asks" if k % 2 else "neutral") for k in range(40)]
    second = [code(k, "asks" if k % 4 else "neutral", coder="Bea", is_blind=True)
              for k in range(20)]  # fmt: skip
    both = rows(STANCES, *first, *second)
    assert opinions(population(posts), both).equals(
        opinions(population(posts), rows(STANCES, *first))
    )
    (found,) = opinion_agreement(both).filter(field="stance").to_dicts()
    assert (found["posts"], found["coders"]) == (20, 2)
    assert found["alpha"] < 0.6


def test_nothing_coded_is_an_empty_table() -> None:
    held = population(rows(POSTS, post(1)))
    assert opinions(held, STANCES.empty()).equals(OPINIONS.empty())
    assert opinion_agreement(STANCES.empty()).equals(OPINION_AGREEMENT.empty())


# Sheets


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create(tmp_path / "s", appeal_id="a")
    toml = made.path / "groundswell.toml"
    toml.write_text(toml.read_text().replace('level = "strict"', OPEN))
    opened = Store(made.path)
    opened.declare_appeals()
    opened.append(POSTS, rows(POSTS, *(post(k, f"words {k}") for k in range(50))))
    return opened


def filled(path: Path, stance: str, target: str = "police") -> None:
    sheet = pl.read_csv(path, infer_schema=False)
    sheet.with_columns(stance=pl.lit(stance), target=pl.lit(target)).write_csv(path)


def test_a_sample_is_coded_read_and_coded_again(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "sample.csv"
    found = sample(store, Asked(None, 10, (), 0, out))
    assert "It holds people's words" in found.sentence
    sheet = pl.read_csv(out, infer_schema=False)
    assert sheet.height == 10
    assert "account_id" not in sheet.columns
    filled(out, "condemns")
    import_stances(store, out, coder="Ann", blind=False, at=NOON)
    assert set(store.read("stances")["probability"]) == {0.2}
    second = tmp_path / "again.csv"
    again(store, Asked(None, 4, (), 1, second))
    assert set(pl.read_csv(second, infer_schema=False)["post_id"]) < set(sheet["post_id"])
    assert pl.read_csv(second, infer_schema=False)["stance"].null_count() == 4


def test_a_sheet_by_day_tells_the_chance_of_each_post(store: Store, tmp_path: Path) -> None:
    sample(store, Asked(None, 6, (), 0, tmp_path / "s.csv", by_day=True))
    sheet = pl.read_csv(tmp_path / "s.csv")
    told = dict(sheet.group_by("day").agg(pl.col("probability").unique().item()).iter_rows())
    assert sorted(told.values()) == pytest.approx([2 / 24, 2 / 24, 1.0])  # 24, 24 and 2 posts


@pytest.mark.parametrize(
    ("stance", "target", "words"),
    [
        ("hates", "police", "stance 'hates' is none of condemns"),
        ("asks", "mother", "target 'mother' is none of police"),
    ],
)
def test_a_mistake_is_refused_with_its_row(
    store: Store, tmp_path: Path, stance: str, target: str, words: str
) -> None:
    out = tmp_path / "sample.csv"
    sample(store, Asked(None, 3, (), 0, out))
    filled(out, stance, target)
    with pytest.raises(FormatError, match=f"sample.csv, row 2: {words}"):
        import_stances(store, out, coder="Ann", blind=False, at=NOON)


def test_without_words_there_is_nothing_to_code(tmp_path: Path) -> None:
    strict = Store.create(tmp_path / "strict", appeal_id="a")
    strict.declare_appeals()
    strict.append(POSTS, rows(POSTS, post(1, "words")))
    with pytest.raises(LedgerError, match="at the level strict none are kept"):
        sample(strict, Asked(None, 3, (), 0, tmp_path / "x.csv"))


# Real words: Kazakh reviews, with and without their own letters, mixed with Russian


@pytest.fixture(scope="module")
def reviews(shared: Path) -> pl.DataFrame:
    folder = shared / "data" / "kazakh_russian_text"
    with zipfile.ZipFile(folder / "kazsandra_04_pc_valid.zip") as archive:
        told = pl.read_csv(archive.read("04_pc_valid.csv"), infer_schema=False)
    return told.drop_nulls("text").sample(2_000, seed=5)


def test_the_share_of_complaints_among_kazakh_reviews_is_met(reviews: pl.DataFrame) -> None:
    """Of five samples of 200 coded by the reviewers' own marks, at most one misses the truth."""
    texts, labels = reviews["text"].to_list(), reviews["label"].to_list()
    held = population(rows(POSTS, *(post(k, text) for k, text in enumerate(texts))))
    marks = {f"youtube:{k:04}": "condemns" if label == "0" else "defends"
             for k, label in enumerate(labels)}  # fmt: skip
    truth = sum(marks[name] == "condemns" for name in held["post_id"]) / held.height
    met, worth = 0, []
    for seed in range(5):
        codes = (code(0, marks[name], post_id=name)
                 for name in drawn(held, 200, seed=seed)["post_id"])  # fmt: skip
        found = opinions(held, rows(STANCES, *codes))
        whole = found.filter("is_whole", target="any", stance="condemns")
        row = whole.row(by_predicate=pl.col("method") == "prediction_powered", named=True)
        met += row["lo"] <= truth <= row["hi"]
        worth.append(row["worth"])
    assert met >= 4
    assert min(worth) > 200  # what the classifier learnt from these words is worth something


def test_guesses_rank_kazakh_complaints_higher_in_any_spelling(reviews: pl.DataFrame) -> None:
    """Of 100 pairs of a complaint and none, 65 and more are in order, of unseen reviews.

    A fifth is written without the letters that Kazakh has beyond Russian.
    """
    truth = (reviews["label"] == "0").to_numpy()
    fold = np.where(np.arange(truth.size) < 400, np.arange(truth.size) % FOLDS, -1)
    chance = guesses(reviews["text"], truth[None], fold)[0]
    mixed = ~reviews["text"].str.to_lowercase().str.contains("[әғқңөұүһі]").to_numpy()
    assert 0.1 < mixed.mean() < 0.3
    for some in (fold < 0, (fold < 0) & mixed):
        assert in_order(chance[some], truth[some]) > 0.65


def in_order(chance: Any, truth: Any) -> float:  # noqa: ANN401
    """Return the share of pairs of one that is so and one that is not that chances order."""
    above = np.sign(chance[truth][:, None] - chance[~truth][None, :])
    return float((1 + above.mean()) / 2)
