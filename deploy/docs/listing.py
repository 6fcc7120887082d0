"""What the site of the guides needs beyond its files: the list of decisions; lists as elsewhere."""

from pathlib import Path
from typing import Any


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """A page's text before it is rendered; the decisions' first page lists them, newest first."""
    text = _lists_apart(markdown)
    if page.file.src_uri != "decisions/README.md":
        return text
    decisions = sorted(Path(page.file.abs_src_path).parent.glob("0*.md"), reverse=True)
    titles = (
        (path.name, path.read_text().partition("\n")[0].removeprefix("# ")) for path in decisions
    )
    return text + "\n\n" + "".join(f"- [{title}]({name})\n" for name, title in titles)


def _lists_apart(markdown: str) -> str:
    """The text with an empty line between a paragraph and its list.

    CommonMark, by which the files are written, begins a list without; Python-Markdown does not.
    """
    lines: list[str] = []
    fenced = False
    before = ""
    for line in markdown.split("\n"):
        fenced ^= line.startswith("```")
        if not fenced and line.startswith("- ") and before and not before.startswith(("-", " ")):
            lines.append("")
        lines.append(line)
        before = line
    return "\n".join(lines)
