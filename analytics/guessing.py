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
    text: pl.Series,
    truths: npt.NDArray[np.bool_],
    fold: npt.NDArray[np.int64],
    *,
    seed: int = 0,
) -> Reals:
    """Guess for every post the chance that it says something, by what has not learnt from it.

    Parameters
    ----------
    text
        Words of all posts.
    truths
        A row for each thing that may be said, a column for each post: whether it says so; counts
        where ``fold`` is not negative.
    fold
        In which fold a coded post is, from 0 to ``FOLDS`` - 1; -1 where nobody coded it.
    seed
        Of the models.

    Returns
    -------
    array
        As ``truths``. Of a coded post what the other folds taught; of another the mean of what any
        but one taught (Zrnic and Candès 2024). Where those all say the same, that is guessed.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    words = text.fill_null("").str.to_lowercase().to_list()
    known = np.flatnonzero(fold >= 0)
    seen = TfidfVectorizer(analyzer="char_wb", ngram_range=_LETTERS, max_features=_FEATURES,
                           sublinear_tf=True, dtype=np.float32)  # fmt: skip
    learnt = seen.fit_transform([words[k] for k in known])
    models = [
        [_model(learnt, truth[known], fold[known] != each, seed) for each in range(FOLDS)]
        for truth in truths
    ]
    found = np.empty(truths.shape)
    for start in range(0, len(words), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        features, own = seen.transform(words[part]), fold[part]
        for row, of_folds in enumerate(models):
            every = np.array([_guessed(model, features) for model in of_folds])
            found[row, part] = np.where(own < 0, every.mean(axis=0),
                                        every[own, np.arange(own.size)])  # fmt: skip
    return found


def _guessed(model, features):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Return the chance by one model of :func:`_model`, for each post."""
    learnt, constant = model
    if learnt is None:
        return np.full(features.shape[0], constant)
    return learnt.predict_proba(features)[:, 1]


def _model(learnt, truth, others, seed):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Return a model of some posts, or None and the one thing that they all say."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    said = truth[others]
    if said.all() or not said.any():
        return None, float(said.any())
    model = LogisticRegression(C=3.0, max_iter=500, class_weight="balanced", random_state=seed)
    return model.fit(learnt[np.flatnonzero(others)], said), None
