"""Lists: filters, paging, and full-text search in six languages."""

import uuid

import pytest


def ids(answer):
    assert answer.status_code == 200, answer.json
    return {item["id"] for item in answer.json["items"]}


@pytest.fixture
def source():
    """A source of the test's own: a list of its records holds no others."""
    return uuid.uuid4().hex


@pytest.fixture
def make(record, source):
    counter = iter(range(1000))

    def make(status="circulated", **members):
        external = {"source": source, "id": str(next(counter))}
        return record(status, **members, external_id=external).json["id"]

    return make


@pytest.fixture
def listed(operator, source):
    def listed(**filters):
        query = {"external_source": source, **filters}
        return ids(operator.get("/v1/requests", query_string=query))

    return listed


def test_each_filter(make, listed):
    need = {"theme": "destruction", "kind": "funding"}
    both = [need, {"theme": "tracing", "kind": "training"}]
    found = make(
        country="MLI",
        needs=both,
        priority="low",
        channel="bilateral",
        initiatives=["sahel-2026", "other"],
        partners=["WCO", "INTERPOL"],
        language="fr",
        gender_marker="principal",
    )
    other = make("submitted", confidentiality="public")
    assert listed() == {found, other}
    assert listed(country="MLI") == {found}
    assert listed(status="submitted") == {other}
    assert listed(theme="destruction") == {found}
    assert listed(kind="training") == {found}
    assert listed(theme="destruction", kind="training") == set()
    assert listed(priority="low") == {found}
    assert listed(channel="bilateral") == {found}
    assert listed(confidentiality="public") == {other}
    assert listed(initiative="sahel-2026") == {found}
    assert listed(initiative="sahel") == set()
    assert listed(partner="INTERPOL") == {found}
    assert listed(language="fr") == {found}
    assert listed(language="en") == {other}
    assert listed(gender_marker="principal") == {found}
    assert listed(external_id="0") == {found}
    assert listed(theme="marking", country="MLI") == set()


def test_updated_since(make, listed, operator):
    first = operator.get(f"/v1/requests/{make()}").json["updated_at"]
    second = make()
    later = operator.get(f"/v1/requests/{second}").json["updated_at"]
    assert second in listed(updated_since=later)
    assert len(listed(updated_since=first)) == 2
    assert listed(updated_since="2099-01-01T00:00:00Z") == set()


def test_pages_hold_everything_once_the_newest_first(make, operator, source):
    made = [make("draft") for _ in range(5)]
    seen, query = [], {"external_source": source, "limit": 2}
    while True:
        answer = operator.get("/v1/requests", query_string=query)
        seen += [item["id"] for item in answer.json["items"]]
        if answer.json["next"] is None:
            break
        query["cursor"] = answer.json["next"]
    assert seen == made[::-1]


def test_lists_leave_out_what_only_one_record_shows(make, operator, source):
    make()
    item = operator.get("/v1/requests", query_string={"external_source": source}).json["items"][0]
    assert "signature" not in item
    assert item["title"]
    assert item["needs"][0]["committed"]["quantity"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=nonsense", "cursor"),
        ("theme=marked", "theme"),
        ("country=XXX", "country"),
        ("status=lost", "status"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=0001-01-01T00:00:00%2B23:59", "updated_since"),
        ("updated_since=9999-12-31T23:59:59-23:59", "updated_since"),
        ("unknown=1", "unknown"),
        ("q=%21%3F", "q"),
    ],
)
def test_bad_queries_name_the_field(operator, query, field):
    answer = operator.get(f"/v1/requests?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


TEXTS = {
    "en": ("Safer armouries", "Steel doors and alarms for the armouries of three garrisons."),
    "fr": ("Dépôts plus sûrs", "Portes blindées et alarmes pour les armureries des garnisons."),
    "es": ("Depósitos seguros", "Puertas blindadas y alarmas para las armerías del ejército."),
    "ru": ("Хранение оружия", "Стальные двери и сигнализация для оружейных комнат гарнизонов."),
    "ar": ("تأمين مستودعات الأسلحة", "أبواب فولاذية وأجهزة إنذار لمستودعات الأسلحة في الحاميات."),
    "zh": ("加强武器库安全", "为三个驻地的武器库安装钢门和报警器。"),
}
QUERIES = [
    ("en", "armoury alarm"),
    ("en", "ALARMS garrison"),
    ("fr", "armurerie garnison"),
    ("fr", "depot sûr"),
    ("es", "armería puerta"),
    ("es", "depositos"),
    ("ru", "двери гарнизона"),
    ("ru", "оружейная комната"),
    ("ar", "مستودع الأسلحة"),
    ("ar", "إنذار"),
    ("zh", "武器库"),
    ("zh", "报警器 钢门"),
    ("zh", "钢"),
]


@pytest.fixture(scope="module")
def library(mongodb):
    return {}


@pytest.mark.parametrize(("language", "query"), QUERIES)
def test_search_in_six_languages(record, operator, library, language, query):
    if not library:
        for spoken, (title, description) in TEXTS.items():
            made = record("circulated", title=title, description=description, language=spoken)
            library[spoken] = made.json["id"]
    found = ids(operator.get("/v1/requests", query_string={"q": query, "limit": 200}))
    assert found & set(library.values()) == {library[language]}


def test_search_needs_every_word_and_combines_with_filters(make, listed):
    found = make(title="Ballistic laboratory", description="A comparison microscope.")
    make(title="Ballistic training", description="A course for examiners.")
    assert listed(q="ballistic microscopes") == {found}
    assert len(listed(q="ballistics")) == 2
    assert listed(q="ballistics", status="draft") == set()
    assert listed(q="ballistic helicopter") == set()


def test_search_follows_changes_and_finds_objectives(make, listed, operator, body):
    identifier = make(title="First title")
    record = operator.get(f"/v1/requests/{identifier}")
    need = {**body()["needs"][0], "objectives": [{"text": "Amnesty campaign finished"}]}
    changed = body(title="Second heading", needs=[need])
    answer = operator.put(f"/v1/requests/{identifier}", changed, record.headers["ETag"])
    assert answer.status_code == 200
    assert listed(q="first title") == set()
    assert listed(q="heading") == listed(q="amnesties") == {identifier}


def test_text_in_another_language_than_was_declared_is_found(make, listed):
    title, description = TEXTS["fr"]
    found = make(title=title, description=description, language="en")
    assert listed(q="garnison") == {found}
