"""What ``groundswell opinions`` does: samples to be coded, and what was found."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analytics.errors import LedgerError
from analytics.opinions import drawn, population
from analytics.store import Store
from dashboards.responding import Outcome, needed

_SHEET = ("appeal_id", "post_id", "probability", "day", "platform", "text", "target", "stance")
_NO_WORDS = (
    "no words of posts are held, so that nobody can code them: at the level strict none are kept; "
    'set level = "open" with a reason in groundswell.toml before you import'
)


@dataclass(frozen=True)
class Asked:
    """What the user said beside the action."""

    appeal: str | None
    size: int
    kinds: tuple[str, ...]
    seed: int
    out: Path | None
    by_day: bool = False


def sample(store: Store, asked: Asked) -> Outcome:
    """Draw posts to be coded."""
    held = _held(store, asked)
    rows = drawn(held, asked.size, seed=asked.seed, by_day=asked.by_day)
    return _written(rows, held.height, asked, "sample")


def again(store: Store, asked: Asked) -> Outcome:
    """Draw coded posts anew, without codes, for a second coder."""
    coded = store.read("stances").filter(~pl.col("is_blind")).select("post_id", "probability")
    held = _held(store, asked).join(coded, on="post_id").sort("post_id")
    some = drawn(held.drop("probability"), asked.size, seed=asked.seed)
    kept = some.drop("probability").join(coded, on="post_id", maintain_order="left")
    return _written(kept, held.height, asked, "again")


def show(store: Store, asked: Asked) -> Outcome:
    """Tell shares of stances, and how far coders agree."""
    found = store.read("opinions", appeal_id=asked.appeal).filter("is_whole")
    agreed = store.read("opinion_agreement", appeal_id=asked.appeal)
    names = ["target", "stance", "method", "posts", "coded", "share", "lo", "hi", "note"]
    tables = (
        ("Shares of posts, over the whole time", names, found.select(names).rows()),
        ("Agreement (Krippendorff)", agreed.columns, agreed.rows()),
    )
    document = {"opinions": found.to_dicts(), "agreement": agreed.to_dicts()}
    return Outcome(document, "Found by the last `groundswell measure`.", tables)


ACTIONS: dict[str, Callable[[Store, Asked], Outcome]] = {
    "sample": sample, "again": again, "show": show,
}  # fmt: skip


def _held(store: Store, asked: Asked) -> pl.DataFrame:
    appeals = store.read("appeals", columns=["appeal_id"])["appeal_id"].to_list()
    appeal_id = asked.appeal or (appeals[0] if len(appeals) == 1 else None)
    held = population(store.read("posts", appeal_id=needed(appeal_id, "--appeal", "sample")),
                      asked.kinds)  # fmt: skip
    if held.is_empty():
        msg = f"{store.path}: {_NO_WORDS}"
        raise LedgerError(msg)
    return held


def _written(rows: pl.DataFrame, whole: int, asked: Asked, action: str) -> Outcome:
    out = needed(asked.out, "--out", action)
    empty = {name: pl.lit(None, pl.String) for name in ("target", "stance")}
    rows.with_columns(day=pl.col("at").dt.date(), **empty).select(_SHEET).write_csv(out)
    said = (
        f"{out}: {rows.height:,} of {whole:,} posts, to be coded. It holds people's words: keep it "
        "as safe as the store, and delete it when it is read in."
    )
    return Outcome({"file": str(out), "rows": rows.height, "posts": whole}, said)
