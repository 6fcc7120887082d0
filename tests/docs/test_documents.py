"""The documents say what the code does: variables, topics, metrics, alerts, links, the picture."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from services.portal import addresses, configuration, posting
from shared.events.topics import topic_configs
from shared.settings import VARIABLES, Settings, Variable

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EVERY_VARIABLE = (
    *VARIABLES,
    *addresses.VARIABLES,
    *configuration.VARIABLES,
    *posting.VARIABLES,
)
SVG = "{http://www.w3.org/2000/svg}"
DOCUMENTS = sorted(
    [*DOCS.rglob("*.md"), *(ROOT / "deploy").rglob("*.md"), *ROOT.glob("*.md")],
    key=str,
)


@pytest.fixture(scope="module")
def handbook() -> str:
    """The operators' handbook."""
    return (DOCS / "operating.md").read_text()


def row(variable: Variable) -> str:
    """A variable's row in the handbook's tables."""
    default = "must be set" if variable.default is None else f"`{variable.default}`"
    return f"| `{variable.name}` | {'empty' if default == '``' else default} | {variable.meaning} |"


@pytest.mark.parametrize("variable", EVERY_VARIABLE, ids=lambda v: v.name)
def test_the_handbook_has_every_variable(handbook: str, variable: Variable) -> None:
    assert row(variable) in handbook.splitlines()


def test_the_handbook_has_no_other_variable(handbook: str) -> None:
    tables = re.findall(r"^\| `(ENTRAIDE_\w+)` \|", handbook, re.MULTILINE)
    secrets = {"ENTRAIDE_MONGODB_PASSWORD", "ENTRAIDE_MONGODB_KEY"}
    known = {variable.name for variable in EVERY_VARIABLE}
    assert set(tables) == known | secrets


def test_the_handbook_has_what_the_compose_file_reads(handbook: str) -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", compose))
    assert len(read) > 10
    assert {name for name in read if f"`{name}`" not in handbook} == set()


def test_the_handbook_has_the_topics_settings(handbook: str) -> None:
    settings = Settings("any", kafka="", mongodb="", database="", term_key=b"")
    state = topic_configs(settings, "requests.v1")
    dead = topic_configs(settings, "requests.v1.dead-letters")
    lines = handbook.splitlines()
    for name in state.keys() | dead.keys():
        assert f"| `{name}` | {state.get(name, '')} | {dead.get(name, '')} |" in lines


def test_the_handbook_has_every_metric() -> None:
    handbook = (DOCS / "operating.md").read_text()
    sources = [*(ROOT / "shared").rglob("metrics.py"), *(ROOT / "services").rglob("metrics.py")]
    defined = {
        name + ("_total" if kind == "Counter" else "")
        for source in sources
        for kind, name in re.findall(
            r'\b(Counter|Gauge|Histogram|GaugeMetricFamily)\(\s*"(entraide_\w+)"',
            source.read_text(),
        )
    }
    told = set(re.findall(r"`(entraide_\w+)`", handbook))
    assert len(defined) > 10
    assert told == defined


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text()):
        if not target.startswith(("https://", "http://", "mailto:")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_files_that_the_guides_name_exist() -> None:
    for name in ("operating.md", "architecture.md", "using.md"):
        text = (DOCS / name).read_text()
        for path in re.findall(r"`((?:docs|deploy|services|shared)/[\w./-]+)`", text):
            assert (ROOT / path).exists(), f"{name}: {path}"
        for module in re.findall(r"python -m ([\w.]+)", text):
            assert (ROOT / (module.replace(".", "/") + ".py")).exists(), module


def test_the_picture_can_be_read_by_everybody() -> None:
    picture = ElementTree.parse(DOCS / "flow.svg").getroot()
    assert picture.get("role") == "img"
    told = {child.tag: child for child in picture if child.tag in (f"{SVG}title", f"{SVG}desc")}
    assert len(told) == 2
    named = (picture.get("aria-labelledby") or "").split()
    assert named == [told[f"{SVG}title"].get("id"), told[f"{SVG}desc"].get("id")]
    assert all(len(element.text or "") > 10 for element in told.values())
    text = (DOCS / "flow.svg").read_text()
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r'(href|src|url)\s*[=(]\s*["\']?https?:', text)
    assert len(text) < 12_000


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2), from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_picture_has_contrast_in_both_schemes() -> None:
    style = (DOCS / "flow.svg").read_text().split("<style>")[1].split("</style>")[0]
    schemes = style.split("@media (prefers-color-scheme: dark)")
    assert len(schemes) == 2
    for scheme in schemes:
        fills: dict[str, str] = {}
        for names, colour in re.findall(r"([.\w, ]+)\{ fill: (#\w{6});", scheme):
            fills |= dict.fromkeys((name.strip(" .") for name in names.split(",")), colour)
        for text in ("name", "text", "note"):
            for ground in ("page", "box", "own", "kafka", "people"):
                assert contrast(fills[text], fills[ground]) >= 4.5, (text, ground)
