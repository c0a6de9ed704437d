"""Guessing a stance from words: letters in a row and a linear model, learnt from coded posts alone.

Runs of letters serve Kazakh, Russian and mixed spelling alike, where words are bent in many ways
and written in several scripts (Cavnar and Trenkle 1994). What a guess is worth is for others to
tell: see :mod:`analytics.opinions`.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

Reals = npt.NDArray[np.float64]

FOLDS = 5
_LETTERS = (2, 5)
_FEATURES = 50_000
_AT_ONCE = 50_000  # posts whose features are held


def guesses(
    text: pl.Series, truth: npt.NDArray[np.bool_], fold: npt.NDArray[np.int64], *, seed: int = 0
) -> Reals:
    """Guess for every post the chance that it says something, by what learnt from other folds.

    Parameters
    ----------
    text
        Words of all posts.
    truth
        Whether they say it; counts where ``fold`` is not negative.
    fold
        In which fold a coded post is, from 0 to ``FOLDS`` - 1; -1 where nobody coded it.
    seed
        Of the model.

    Returns
    -------
    array
        A row for each fold, a column for each post. A fold whose others all say the same guesses
        that.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    words = text.fill_null("").str.to_lowercase().to_list()
    known = np.flatnonzero(fold >= 0)
    seen = TfidfVectorizer(analyzer="char_wb", ngram_range=_LETTERS, max_features=_FEATURES,
                           sublinear_tf=True, dtype=np.float32)  # fmt: skip
    seen.fit([words[k] for k in known])
    learnt = seen.transform([words[k] for k in known])
    models = [_model(learnt, truth[known], fold[known] != each, seed) for each in range(FOLDS)]
    found = np.empty((FOLDS, len(words)))
    for start in range(0, len(words), _AT_ONCE):
        part = seen.transform(words[start : start + _AT_ONCE])
        for each, (model, constant) in enumerate(models):
            found[each, start : start + _AT_ONCE] = (
                constant if model is None else model.predict_proba(part)[:, 1]
            )
    return found


def _model(learnt, truth, others, seed):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Return a model of some posts, or None and the one thing that they all say."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    said = truth[others]
    if said.all() or not said.any():
        return None, float(said.any())
    model = LogisticRegression(C=3.0, max_iter=500, class_weight="balanced", random_state=seed)
    return model.fit(learnt[np.flatnonzero(others)], said), None
