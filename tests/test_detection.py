"""Languages of words: real Kazakh, Russian and English, neighbours of Kazakh, and invariants."""

import csv
import io
import json
import random
import socket
import zipfile
from pathlib import Path
from typing import NoReturn

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import detection
from analytics.detection import SAME, detected, with_text_lang, words

# The first article of the Universal Declaration of Human Rights, or its beginning.
DECLARED = {
    "kk": "Барлық адамдар тумысынан азат және қадір-қасиеті мен кұқықтары тең болып дүниеге келеді",
    "ky": "Бардык адамдар өз беделинде жана укуктарында эркин жана тең укуктуу болуп жаралат.",
    "tt": "Барлык кешеләр дә азат һәм үз абруйлары һәм хокуклары ягыннан тиң булып туалар.",
    "ba": "Бөтә кешеләр ҙә азат һәм дәрәжәләре һәм хоҡуҡтары яғынан тигеҙ булып тыуалар.",
    "tg": "Тамоми одамон озод ба дунё меоянд ва аз лиҳози манзилату ҳуқуқ бо ҳам баробаранд.",
    "mn": "Хүн бүр төрж мэндлэхэд эрх чөлөөтэй, адилхан нэр төртэй, ижил эрхтэй байдаг.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах.",
    "be": "Усе людзі нараджаюцца свабоднымі і роўнымі ў сваёй годнасці і правах.",
    "bg": "Всички хора се раждат свободни и равни по достойнство и права.",
    "en": "All human beings are born free and equal in dignity and rights.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.",
    "uz": "Barcha odamlar erkin, qadr-qimmat va huquqlarda teng bo'lib tug'iladilar.",
    "az": "Bütün insanlar ləyaqət və hüquqlarına görə azad və bərabər doğulurlar.",
    "ar": "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.",
    "fa": "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند.",
    "ug": "ھەممە ئادەم تۇغۇلۇشىدىنلا ئەركىن، ئىززەت-ھۆرمەت ۋە ھوقۇقتا باپباراۋەر بولۇپ تۇغۇلغان",
    "zh": "人人生而自由,在尊严和权利上一律平等。",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
}
IN_ARABIC_LETTERS = (
    "بارلىق ادامدار تۋمىسىنان ازات جانە قادىر-قاسيەتى مەن قۇقىقتارى تەڭ بولىپ دۇنيەگە كەلەدى. "
    "سوندىقتان ولار ءبىر-بىرىمەن تۋىستىق، باۋىرمالدىق قارىم-قاتىناس جاساۋلارى ءتيىس."
)
WORDLESS = (
    "", " ", "\n\t", "42", "12.05.2021 18:30", "😂😂😂", "👍🏽🇰🇿", "?!…", "— - '", "\0",
    "https://kaz.example/bir/eki?q=сөз", "www.қазақстан.қаз/бет", "youtu.be/xYz", "@somebody",
    "@қазақ @someone@mastodon.example", "#StandWithHongKong #справедливость", "a@b.example",
)  # fmt: skip
NOISE = (
    "https://t.me/kanal/15", "HTTP://EXAMPLE.ORG/Über?q=а", "www.пример.рф/страница",
    "youtu.be/Ab1",
    "@ann", "@қазақстан", "@a.b@mastodon.example", "#суд", "#свободу_всем", "2021", "🔥", "!!!",
)  # fmt: skip

TOLD = st.sampled_from([*DECLARED.values(), IN_ARABIC_LETTERS, *WORDLESS, "Рахмет сизге"])


def langs(*texts: str | None) -> list[str | None]:
    """Return the language of each text."""
    return detected(pl.Series(texts, dtype=pl.String))["text_lang"].to_list()


@pytest.fixture(scope="module")
def kazakh(shared: Path) -> pl.DataFrame:
    """Return Kazakh reviews that have letters, and what is found in them."""
    with zipfile.ZipFile(shared / "data/kazakh_russian_text/kazsandra_04_pc_valid.zip") as packed:
        text = io.TextIOWrapper(packed.open("04_pc_valid.csv"), encoding="utf-8")
        reviews = pl.Series("text", [row["text"] for row in csv.DictReader(text)])
    return found(reviews)


def found(texts: pl.Series) -> pl.DataFrame:
    """Return texts that have words, their letters and languages."""
    rows = texts.to_frame("text").unique(maintain_order=True)
    rows = rows.with_columns(words(rows["text"]).alias("words"), *detected(rows["text"]))
    return rows.with_columns(
        letters=pl.col("words").str.count_matches(r"\p{L}"), low=pl.col("words").str.to_lowercase()
    ).filter(pl.col("letters") > 0)


def parts(rows: pl.DataFrame, lang: str) -> tuple[float, float]:
    """Return which part of rows is told rightly and which wrongly; the rest is undetermined."""
    right = (rows["text_lang"] == lang).mean()
    undetermined = (rows["text_lang"] == "und").mean()
    assert isinstance(right, float)
    assert isinstance(undetermined, float)
    return right, 1 - right - undetermined


# real words; measured figures, each with a small margin, are in docs/languages.md


def test_kazakh_is_told(kazakh: pl.DataFrame) -> None:
    right, wrong = parts(kazakh, "kk")
    assert right > 0.81
    assert wrong < 0.012


@pytest.mark.parametrize(
    ("low", "high", "least", "most"),
    [(1, 10, 0.28, 0.02), (10, 20, 0.61, 0.02), (20, 40, 0.83, 0.012), (40, 80, 0.92, 0.012),
     (80, 10_000, 0.96, 0.011)],
)  # fmt: skip
def test_the_longer_the_surer(
    kazakh: pl.DataFrame, low: int, high: int, least: float, most: float
) -> None:
    right, wrong = parts(kazakh.filter(pl.col("letters").is_between(low, high - 1)), "kk")
    assert right > least
    assert wrong < most


def test_kazakh_without_its_letters_is_mostly_undetermined_and_hardly_ever_wrong(
    kazakh: pl.DataFrame,
) -> None:
    has_own = pl.col("low").str.contains("[әғқңөұүһі]")
    with_own, without = kazakh.filter(has_own), kazakh.filter(~has_own)
    assert 0.15 < without.height / kazakh.height < 0.25
    right, wrong = parts(with_own, "kk")
    assert right > 0.925
    assert wrong < 0.008
    right, wrong = parts(without.filter(pl.col("low").str.contains(r"\p{Cyrillic}")), "kk")
    assert right > 0.33
    assert wrong < 0.035


def test_russian_is_told(shared: Path) -> None:
    files = sorted((shared / "data/telegram_russian_news").glob("*.json"))
    posts = [post["text"] for file in files for post in json.loads(file.read_text("utf-8"))]
    right, wrong = parts(found(pl.Series([text for text in posts if text])), "ru")
    assert right > 0.98
    assert wrong < 0.001


def test_english_is_told(shared: Path) -> None:
    path = shared / "data/petitions_with_responses/wtp_petitions.csv"
    titles = pl.read_csv(path, infer_schema_length=0)
    petitions = found(titles.get_column("body").drop_nulls())
    right, wrong = parts(petitions, "en")
    assert petitions.height > 500
    assert right > 0.93
    assert wrong < 0.005


def test_the_library_says_the_same(kazakh: pl.DataFrame) -> None:
    """The loop, compiled or not, adds the model's numbers as the library does."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    library = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    some = kazakh["words"].unique().sample(300, seed=1).to_list()
    some += [words(pl.Series([text])).item() for text in DECLARED.values()]
    told = detection._scored(pl.Series(some))
    for text, lang, best in zip(some, told["lang"], told["best"], strict=True):
        chances: dict[str, float] = {}
        for name, chance in library.rank(text):
            chances[SAME.get(name, name)] = chances.get(SAME.get(name, name), 0) + chance
        assert chances[lang] == pytest.approx(max(chances.values()), abs=1e-4)
        assert best == pytest.approx(max(chances.values()), abs=1e-4)


def test_few_texts_are_told_as_many_are(
    kazakh: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = kazakh["words"].unique().sample(200, seed=2)
    monkeypatch.setattr(detection, "FEW_BYTES", 10**9)
    few = detection._scored(some)
    monkeypatch.setattr(detection, "FEW_BYTES", 0)
    many = detection._scored(some)
    assert few.equals(
        many
    )  # to the last digit kept: else a post read twice would differ from itself


# languages


@pytest.mark.parametrize("lang", DECLARED)
def test_what_is_declared_in_many_languages_is_told(lang: str) -> None:
    assert langs(DECLARED[lang], DECLARED[lang].upper(), DECLARED[lang].lower()) == [lang] * 3


def test_kazakh_on_a_russian_keyboard() -> None:
    assert langs("Рахмет сизге, бари оте жаксы екен, маган катты унады") == ["kk"]
    assert langs("Сизге рахмат, мага абдан жакты, эми дагы эле күтөбүз") == ["ky"]
    assert langs("Сизге рахмат, мага абдан жакты, эми дагы эле барам") == ["ky"]


@pytest.mark.parametrize(
    "text",
    ["Күшті", "Үй іші", "Ұлы", "Мен қазір үйге бара жатырмын, кейін хабарласамын"],
)
def test_letters_of_kazakh_alone_tell_it(text: str) -> None:
    assert langs(text) == ["kk"]


def test_a_name_with_kazakh_letters_makes_no_kazakh() -> None:
    text = "Суд города отложил заседание по делу активиста, его адвокат Қанат Іңкәров обжалует это"
    assert langs(text) == ["ru"]


def test_an_alphabet_with_the_letters_of_kazakh_and_others_makes_no_kazakh() -> None:
    karakalpak = "Барлық адамлар өз қәдир-қымбаты және ҳуқықларында еркин ҳәм тең болып туўылады"
    khakas = "Пістің чирібістің чонының ӧӧн тілі"
    assert langs(karakalpak, khakas, "Тілің ӱс") == ["und"] * 3


@pytest.mark.parametrize("lang", ["ky", "tt", "ba", "tg", "mn", "uk", "be"])
def test_neighbours_share_letters_and_are_not_kazakh(lang: str) -> None:
    every = DECLARED[lang].split()
    starts = [" ".join(every[:n]) for n in range(1, len(every) + 1)]
    assert "kk" not in langs(*starts)


def test_kazakh_in_other_letters() -> None:
    """In Arabic letters it is told, and not taken for Uyghur; in Latin ones it is not known."""
    assert langs(IN_ARABIC_LETTERS) == ["kk"]
    latin = (
        "Barlyq adamdar tumysynan azat jäne qadır-qasietı men qūqyqtary teñ bolyp düniege keledı"
    )
    assert langs(latin) == ["und"]


def test_two_languages_in_one_text_give_one_of_them_or_none() -> None:
    mixed = f"{DECLARED['kk']} {DECLARED['ru']}"
    assert langs(mixed)[0] in {"kk", "ru", "und"}
    assert set(langs(DECLARED["en"] + DECLARED["zh"])) <= {"en", "zh", "und"}


def test_what_is_no_language_is_told_as_none() -> None:
    """The model has a class of its own for codes and the like, which is no language."""
    lang, confidence = detected(pl.Series(["zxcvbnm qwrtpsdfg hjklmn " * 10])).row(0)
    assert lang == "und"
    assert confidence > 0.9


# no words, many words


def test_nothing_is_told_where_there_are_no_words() -> None:
    found = detected(pl.Series(WORDLESS))
    assert set(found["text_lang"]) == {"und"}
    assert found["text_lang_confidence"].null_count() == len(WORDLESS)


def test_no_text_is_not_an_undetermined_one() -> None:
    assert langs(None, "", DECLARED["ru"], None) == [None, "und", "ru", None]
    none = detected(pl.Series([], dtype=pl.String))
    assert none.schema == {"text_lang": pl.String, "text_lang_confidence": pl.Float64}
    assert detected(pl.Series([None, None])).null_count().row(0) == (2, 2)


def test_too_little_is_undetermined_with_a_probability() -> None:
    (row,) = detected(pl.Series(["ok"])).rows()
    assert row[0] == "und"
    assert 0 < row[1] < detection.CONFIDENT


def test_a_megabyte_is_told_by_its_beginning() -> None:
    assert langs(f"{DECLARED['ru']} " * 10_000, "a" * 1_000_000, "@" * 1_000_000) == [
        "ru",
        *langs("a" * 300),
        "und",
    ]


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    found = detected(pl.Series([text.replace("\ud800", "")], dtype=pl.String))
    lang, confidence = found.row(0)
    assert lang == "und" or confidence >= detection.CONFIDENT
    assert confidence is None or 0 < confidence <= 1


# invariants


@given(st.lists(TOLD | st.none(), max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_order_and_repetition_change_nothing(
    texts: list[str | None], chance: random.Random
) -> None:
    alone = [langs(text)[0] for text in texts]
    assert langs(*texts) == alone
    order = list(range(len(texts)))
    chance.shuffle(order)
    assert langs(*(texts[n] for n in order), *texts) == [*(alone[n] for n in order), *alone]


@given(TOLD, st.lists(st.sampled_from(NOISE), min_size=1, max_size=4), st.integers(0, 8))
@settings(max_examples=100)
def test_links_names_and_hashtags_change_nothing(text: str, noise: list[str], place: int) -> None:
    """They may stand before, behind and between the words."""
    pieces = text.split(" ")
    noisy = " ".join([*pieces[:place], *noise, *pieces[place:]])
    assert detected(pl.Series([noisy])).equals(detected(pl.Series([text])))


def test_nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        pytest.fail("a socket was opened")

    detection._model.cache_clear()
    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert langs(DECLARED["kk"]) == ["kk"]


# at the door


def test_what_was_found_is_kept_where_words_are_gone() -> None:
    held = {"text": None, "text_lang": "kk", "text_lang_confidence": 0.9}
    new = {"text": DECLARED["ru"], "text_lang": "kk", "text_lang_confidence": 0.1}
    posts = pl.DataFrame([held, new])
    assert with_text_lang(posts)["text_lang"].to_list() == ["kk", "ru"]
    assert with_text_lang(posts[:1]).equals(posts[:1])
