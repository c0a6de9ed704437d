"""Which language words are in: a model of 139 languages, and letters and spellings of Kazakh.

The model is that of ``py3langid`` (naive Bayes over strings of bytes, offline, 4.6 MB); its numbers
are summed here by a compiled loop, ten times as fast, with the same results. What it does not tell
well is Kazakh that is short, or typed without its own letters, and then looks like Kyrgyz; for that
there are the letters that only Kazakh has, and spellings that tell the two apart. How often this is
right is in ``docs/languages.md``, why it is so in ``docs/decisions/0019``.

>>> told = pl.Series(["Суға тұз тастамаңыздар", "Су маган унады, оте жаксы екен", "42 :)"])
>>> detected(told)["text_lang"].to_list()
['kk', 'kk', 'und']
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.kernels import compiled

UNKNOWN = "und"
CONFIDENT = 0.7  # below it the language is undetermined
LONGEST = 300  # letters and signs that are looked at: more tell nothing new
STEPS = 1024  # to one; the model's weights, of half precision and below -2, are whole steps
FEW_BYTES = 200_000  # so many are told before a compiler is awake

# Links end where a script without blanks goes on; what looks like a host is taken for a link.
# Without \b and its like, which make the search many times slower in letters that are not Latin.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_NO_WORDS = (
    rf"(?:[Hh][Tt][Tt][Pp][Ss]?://|[Ww]{{3}}\.)[^\s{_UNSPACED}]+"
    r"|[A-Za-z0-9_.+-]*[@＠][\p{L}\p{M}\p{N}_.@-]+"
    r"|[#＃][\p{L}\p{M}\p{N}_]+"
    r"|(?:[A-Za-z0-9-]+\.)+[a-z]{2,24}(?:/[!-~]*)?"
    r"|[^\p{L}\p{M}'’ʼ‘ -]+"
)

# Letters of Kazakh and of neighbours. ұ is in no other alphabet of today; і is in none that has
# one of the others, but that of Khakas, which also has ӧ or ӱ.
_KAZAKH = "ұ|і.*[әғқңөүһ]|[әғқңөүһ].*і"
# Neither Kazakh nor Kyrgyz has what Karakalpak, Uyghur, Khakas, Bashkir or Ukrainian has.
_OTHERS = "[ўҳӯӣҷҗҙҫҡїєґӧӱјљњћђ]"
_WITH_OWN = r"\p{L}*[әғқңөұүһі]\p{L}*"
_NOT_KYRGYZ = "[әғқұі]"
_KYRGYZ = "[ңөү]"
# Kyrgyz begins no word of its own with е, doubles its long vowels, and says -йт for -йды.
_AS_KAZAKH = (
    r" е\p{L}|й(?:ды|ди) "
    r"| (?:жаксы|рахмет|[мсо]аган|ушин|жане|кушти|себеби|сондыктан|бари|осы|оте|казир|бирак"
    r"|болады|береди|келеди)"
)
_AS_KYRGYZ = (
    r" э\p{L}|[бвгджзйклмнпрстчшх](?:аа|оо|ээ|өө|үү)[ бвгджзйклмнпрстчшх]|уу\p{L}"
    r"|\p{L}[уүоө]п | (?:жакшы|мага|сага|үчүн|бирок|жана|болот|менен) "
)
# In Arabic letters Uyghur begins words with ئ where they begin with a vowel, Kazakh has a ء.
_UYGHUR = "ئ"
_NOT_CRIMEAN = "[äū]"  # in Kazakh and Turkmen, if in Latin letters

# One code for one language: what BCP 47 calls by several codes, and what is told too finely.
SAME = {
    "arb": "ar", "ary": "ar", "arz": "ar", "cmn": "zh", "wuu": "zh", "yue": "zh", "nb": "no",
    "nn": "no", "sdh": "ku", "ckb": "ku", "kmr": "ku", "uzs": "uz", "uzn": "uz", "in": "id",
    "iw": "he", "ji": "yi", "fil": "tl", "gug": "gn", "fuv": "ff", "pes": "fa", "prs": "fa",
    "swh": "sw", "sh": "sr", "mo": "ro",
}  # fmt: skip


def detected(texts: pl.Series) -> pl.DataFrame:
    """Return the language of each text, as far as its words tell it.

    Links, names, hashtags, numbers and signs are no words. Each different text is looked at once,
    and no more of it than its first 300 letters.

    Parameters
    ----------
    texts
        Words as they were written; null where there are none.

    Returns
    -------
    DataFrame
        One row per text, in their order: ``text_lang``, a BCP 47 code, ``und`` where no language
        has a probability of 0.7, null where the text is null; ``text_lang_confidence``, the
        probability of the likeliest language, null where no words are left.
    """
    told = pl.DataFrame({"text": texts.cast(pl.String)})
    known = told.unique().drop_nulls()
    known = known.with_columns(words(known["text"]).alias("words"))
    found = known.select("words").unique()
    found = found.with_columns(_languages(found["words"]))
    each = known.join(found, on="words").drop("words")
    return told.join(each, on="text", how="left", maintain_order="left").drop("text")


def with_text_lang(posts: pl.DataFrame) -> pl.DataFrame:
    """Return posts with the language of their words; where words are gone, what was found is kept.

    >>> posts = pl.DataFrame({"text": ["Where is the water?", None], "text_lang": [None, "kk"],
    ...                       "text_lang_confidence": [None, 0.9]})
    >>> with_text_lang(posts)["text_lang"].to_list()
    ['en', 'kk']
    """
    has_words = posts["text"].is_not_null()
    if not has_words.any():
        return posts
    found = detected(posts["text"])
    return posts.with_columns(
        pl.when(has_words).then(found[name]).otherwise(name).alias(name) for name in found.columns
    )


def words(texts: pl.Series) -> pl.Series:
    """Return what of texts is words: no links, names, hashtags, numbers and signs.

    >>> words(pl.Series(["LOOK: https://a.example/b @ann #water — IT'S DRY!!! 💧"])).item()
    "look it's dry"
    """
    bare = texts.str.replace_all(_NO_WORDS, " ").str.replace_all("  +", " ").str.strip_chars()
    bare = _changed(bare.str.slice(0, LONGEST), r"\p{M}", lambda some: some.str.normalize("NFC"))
    is_loud = ~bare.str.contains(r"\p{Ll}") & bare.str.contains(r"\p{Lu}")
    return _changed(bare, is_loud, lambda some: some.str.to_lowercase())


def _changed(
    texts: pl.Series, where: str | pl.Series, change: Callable[[pl.Series], pl.Series]
) -> pl.Series:
    """Return texts with those that match, or are told, changed: they are few."""
    is_meant = texts.str.contains(where) if isinstance(where, str) else where
    rows = is_meant.arg_true()
    return texts.scatter(rows, change(texts.gather(rows))) if len(rows) else texts


def _languages(bare: pl.Series) -> list[pl.Series]:
    """Return the language of each different piece of words, and its probability."""
    low = pl.lit(" ") + pl.lit(bare.str.to_lowercase()) + pl.lit(" ")
    scored = _scored(bare).with_columns(low=low)
    likeliest = pl.when(pl.col("best") >= CONFIDENT).then("lang").otherwise(pl.lit(UNKNOWN))
    found = scored.select(
        "low", "kk", "ky",
        text_lang=likeliest.replace("zxx", UNKNOWN),
        text_lang_confidence=pl.when(bare.str.contains(r"\p{L}")).then("best"),
    ).with_columns(text_lang=_not_mistaken())  # fmt: skip
    lang, confidence = found["text_lang"], found["text_lang_confidence"]
    rows = found["low"].str.contains(r"\p{Cyrillic}").arg_true()
    if rows.is_empty():
        return [lang, confidence]
    told = found[rows].select(_by_letters())
    sure = told["confidence"].round(4)
    return [lang.scatter(rows, told["lang"]), confidence.scatter(rows, sure)]


def _not_mistaken() -> pl.Expr:
    """Return the language without two that the model sees in Kazakh in other letters."""
    low, lang = pl.col("low"), pl.col("text_lang")
    in_arabic = pl.when(low.str.contains("ء")).then(pl.lit("kk")).otherwise(pl.lit(UNKNOWN))
    return (
        pl.when((lang == "ug") & ~low.str.contains(_UYGHUR))
        .then(in_arabic)
        .when((lang == "crh") & low.str.contains(_NOT_CRIMEAN))
        .then(pl.lit(UNKNOWN))
        .otherwise(lang)
    )


def _by_letters() -> list[pl.Expr]:
    """Return what letters and spellings tell of words in Cyrillic that may be Kazakh or Kyrgyz."""
    low, plain = pl.col("low"), pl.col("text_lang")
    is_other = low.str.contains(_OTHERS)
    is_kazakh = (
        low.str.contains(_KAZAKH)
        & ~is_other
        & (2 * low.str.count_matches(_WITH_OWN) >= low.str.count_matches(r"\p{L}+"))
    )
    either = pl.col("kk") + pl.col("ky")
    more = low.str.count_matches(_AS_KAZAKH).cast(pl.Int64) - low.str.count_matches(_AS_KYRGYZ)
    of_two = (
        pl.when(is_other)
        .then(pl.lit(UNKNOWN))
        .when(low.str.contains(_NOT_KYRGYZ) | (more > 0))
        .then(pl.lit("kk"))
        .when(more < 0)
        .then(pl.lit("ky"))
        .when((plain == "kk") | low.str.contains(_KYRGYZ))
        .then(plain)
        .otherwise(pl.lit(UNKNOWN))
    )
    is_either = either >= CONFIDENT
    return [
        pl.when(is_kazakh).then(pl.lit("kk")).when(is_either).then(of_two).otherwise(plain)
        .alias("lang"),
        pl.when(is_kazakh).then(pl.max_horizontal(either, pl.lit(CONFIDENT)))
        .when(is_either).then(either).otherwise("text_lang_confidence").alias("confidence"),
    ]  # fmt: skip


@dataclass(frozen=True)
class _Model:
    """The numbers of the model, as the compiled loop takes them."""

    walk: npt.NDArray[np.int32]  # the next state, by place of the state and byte
    places: npt.NDArray[np.int64]  # where the row of a state begins
    strings: npt.NDArray[np.int32]  # the string that a state has found, or -1
    weights: npt.NDArray[np.int16]  # by string and language, in steps of 1/1024: exact
    prior: npt.NDArray[np.float64]  # by language
    twins: npt.NDArray[np.int64]  # languages that go by two names
    languages: pl.Series


@cache
def _model() -> _Model:
    """Return the model; reading it takes a third of a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    read = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    names = [SAME.get(name, name) for name in read.nb_classes]
    twins = [(names.index(name), n) for n, name in enumerate(names) if names.index(name) < n]
    return _Model(
        walk=np.frombuffer(read.tk_nextmove, np.int32),
        places=np.asarray(read.tk_row, np.int64) << 8,
        strings=np.asarray(read.tk_output, np.int32),
        weights=np.round(np.float32(STEPS) * read.nb_ptc).astype(np.int16),
        prior=np.asarray(read.nb_pc, np.float64),
        twins=np.array(twins, np.int64).reshape(-1, 2),
        languages=pl.Series("lang", names),
    )


def _scored(bare: pl.Series) -> pl.DataFrame:
    """Return the likeliest language of each piece of words, and probabilities."""
    model = _model()
    data = np.frombuffer("".join(bare).encode(), np.uint8)
    ends = bare.str.len_bytes().cast(pl.Int64).cum_sum().to_numpy()
    names = model.languages.to_list()
    told = np.array([names.index("kk"), names.index("ky")])
    best, chances = np.empty(len(ends), np.int32), np.empty((len(ends), 3), np.float64)
    _LOOP(
        data, ends, model.walk, model.places, model.strings, model.weights, model.prior,
        model.twins, told, best, chances,
    )  # fmt: skip
    rounded = {n: chances[:, k].round(4) for k, n in enumerate(("best", "kk", "ky"))}
    return pl.DataFrame({"lang": model.languages.gather(best)} | rounded)


class _Loop:
    """Runs the loop as it is while a process has told little, and compiled from then on."""

    def __init__(self) -> None:
        self.told = 0  # bytes

    def __call__(self, data: npt.NDArray[np.uint8], *rest: Any) -> None:  # noqa: ANN401
        self.told += len(data)
        loop = _likeliest if self.told < FEW_BYTES else compiled(_likeliest)
        loop(data, *rest)


_LOOP = _Loop()


# A loop to be compiled; it also runs as it is.


def _likeliest(
    data: Any, ends: Any, walk: Any, places: Any, strings: Any, weights: Any, prior: Any,  # noqa: ANN401
    twins: Any, told: Any, best: Any, chances: Any,  # noqa: ANN401
) -> None:  # fmt: skip
    """Walk through each text byte by byte, count the strings that are found, and add their weights.

    As in the library, scores are divided by the root of the text's length before they become
    probabilities: else every answer would seem certain. Sums are of double precision, so that the
    loop says the same, to the digits that are kept, compiled or as it is, on every processor.
    """
    counts = np.zeros(len(weights), np.int32)
    seen = np.empty(len(weights), np.int32)
    score, part = np.empty(len(prior)), np.empty(len(prior))
    start = 0
    for text in range(len(ends)):
        state = found = 0
        for place in range(start, ends[text]):
            state = walk[places[state] + data[place]]
            string = strings[state]
            if string >= 0:
                if counts[string] == 0:
                    seen[found] = string
                    found += 1
                counts[string] += 1
        score[:] = 0
        if found:
            score[:] = prior
        for n in range(found):
            string = seen[n]
            often = np.log1p(counts[string]) / STEPS
            np.multiply(weights[string], often, part)
            np.add(score, part, score)
            counts[string] = 0
        colder = 1 / np.sqrt(max(ends[text] - start, 1))
        score[:] = np.exp((score - score.max()) * colder)
        total = score.sum()
        for n in range(len(twins)):
            score[twins[n, 0]] += score[twins[n, 1]]
            score[twins[n, 1]] = 0
        best[text] = score.argmax()
        chances[text, 0] = score[best[text]] / total
        chances[text, 1] = score[told[0]] / total
        chances[text, 2] = score[told[1]] / total
        start = ends[text]
