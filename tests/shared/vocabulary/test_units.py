import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vocabulary import LANGUAGES
from shared.vocabulary.tables import read_table
from shared.vocabulary.units import UNITS, canonical_unit, plain_unit


@pytest.mark.parametrize(
    ("unit", "texts"),
    [
        ("machines", ["machines", "appareils", "máquinas", "станки", "台", "آلات"]),
        ("persons", ["officers", "officiers", "personas", "слушателей", "名学员", "متدربين"]),
        ("armouries", ["armouries", "armureries", "armerías", "оружейных комнат", "مخازن الأسلحة"]),
        ("tonnes", ["tonnes", "toneladas", "тонн", "吨", "طن"]),
        ("courses", ["sessions", "ateliers", "cursos", "курсов", "期培训班", "دورات تدريبية"]),
        ("days", ["days", "jours", "días", "дней", "天", "أيام"]),
        ("person-days", ["expert days", "jours-personne", "человеко-дней", "人日"]),
        ("containers", ["containers", "conteneurs", "contenedores", "контейнеров", "集装箱"]),
    ],
)
def test_one_unit_in_many_languages(unit: str, texts: list[str]) -> None:
    assert {canonical_unit(text) for text in texts} == {unit}


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1 Marking Machine", "machines"),
        ("machines de marquage", "machines"),
        ("маркировочных станков", "machines"),
        ("станков для маркировки", "machines"),
        ("آلات وسم", "machines"),
        ("days of training", "days"),
        ("training days", "days"),
        ("jours de formation", "days"),
        ("officers (women and men)", "persons"),
        ("officers and clerks", "persons"),
        ("ÉQUIPES", "teams"),
        ("m²", "square-metres"),
        ("sites sécurisés", "sites"),
    ],
)
def test_the_head_of_a_phrase_counts(text: str, unit: str) -> None:
    assert canonical_unit(text) == unit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "4",
        "of",
        "gizmos",
        "machines and software",
        "weapons/day",
        "thousand rounds",
        "50 rounds",
        "٥٠ طلقة",
        "20发",
        "тысяч патронов",
        "万发",
        "machine parts",
        "armoury windows",
        "portes d’atelier et ordinateurs",
        "двигатели станков",
    ],
)
def test_what_is_not_one_plain_unit_has_none(text: str) -> None:
    assert canonical_unit(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("radio stations", "one entry station", "weather stations", "charging station"),
        *("fire station", "station de marquage", "stations (radio)", "scanning posts", "USB ports"),
        *("X-ray units", "police units", "transport rounds", "rounds of talks", "permit modules"),
        *("sets of rules", "legal instruments", "licence applications", "phone cards"),
        *("court cases", "rifle magazines", "trigger guards", "storage places", "portable unit"),
        *("postes de commandement", "brigades cynophiles", "unités de police", "cadres juridiques"),
        *("pièces de rechange", "téléphones portables", "élus locaux", "cartes à puce"),
        *("puestos de mando", "estaciones de radio", "equipos de investigación"),
        *("asistencia técnica", "cartuchos de tinta", "departamentos de policía"),
        *("посты управления", "участков границы", "пусковых установок", "мест хранения"),
        *("уголовных дел", "программ подготовки", "передачи оружия"),
        *("执法单位", "把钥匙", "架无人机", "货运终端", "场比赛"),
        *("وحدات شرطة", "قطع غيار", "أجهزة أمنية", "صناديق استئمانية", "عناصر البرنامج"),
        *("radio and weather stations", "officers and police units"),
    ],
)
def test_a_noun_that_heads_other_things_too_is_no_plain_unit_with_other_words(text: str) -> None:
    assert plain_unit(text) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        *(("radio stations", "stations"), ("laboratory set", "sets"), ("X-ray units", "items")),
        *(("marking presses", "machines"), ("police posts", "border-posts")),
    ],
)
def test_what_a_text_was_counted_in_it_is_counted_in_for_good(text: str, unit: str) -> None:
    """What was promised of a line is kept by this code: another one would free it."""
    assert canonical_unit(text) == unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("stations", "stations"),
        ("1 station", "stations"),
        ("remote police stations", "stations"),
        ("remote border posts", "border-posts"),
        ("отделений полиции", "stations"),
        ("rounds of ammunition", "rounds"),
        ("units (6)", "items"),
        ("台电脑", "computers"),
        ("أجهزة كشف", "detectors"),
        ("new marking machines", "machines"),
        ("customs officers (trained)", "persons"),
    ],
)
def test_a_noun_alone_and_with_what_keeps_its_meaning_is_plain(text: str, unit: str) -> None:
    assert plain_unit(text) == canonical_unit(text) == unit


def test_forms_that_mean_their_unit_alone_are_forms_of_it() -> None:
    forms = {
        (row["unit"], row["language"]): row["forms"].split("|") for row in read_table("units.tsv")
    }
    rows = read_table("units_alone.tsv")
    keys = [(row["unit"], row["language"]) for row in rows]
    assert len(set(keys)) == len(keys)
    for row, key in zip(rows, keys, strict=True):
        alone = row["forms"].split("|")
        assert set(alone) <= set(forms[key]), row
        assert len(set(alone)) == len(alone), row


def test_a_code_and_its_labels_mean_the_unit() -> None:
    for code in UNITS.codes():
        assert canonical_unit(code) == code
        for language in LANGUAGES:
            assert canonical_unit(UNITS.label(code, language)) == code, (code, language)


def test_every_written_form_means_its_unit() -> None:
    rows = read_table("units.tsv")
    assert {(row["unit"], row["language"]) for row in rows} == {
        (code, language) for code in UNITS.codes() for language in LANGUAGES
    }
    for row in rows:
        for form in row["forms"].split("|"):
            assert canonical_unit(form) == plain_unit(form) == row["unit"], form
            assert canonical_unit(f" {form.upper()}. ") == row["unit"], form


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_has_a_unit_or_none(text: str) -> None:
    unit = canonical_unit(text)
    assert unit is None or unit in UNITS


@given(
    st.lists(
        st.sampled_from(
            [
                "machines",
                "de",
                "of",
                "officers",
                "台",
                "آلات",
                "для",
                "станков",
                "/",
                "and",
                "(",
                "3",
            ]
        )
    )
)
def test_any_mixture_of_words_has_a_unit_or_none(words: list[str]) -> None:
    unit = canonical_unit(" ".join(words))
    assert unit is None or unit in UNITS
