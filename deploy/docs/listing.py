"""What the site of the guides has and no file says: the list of decisions, from their titles."""

from pathlib import Path
from typing import Any


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """A page's text before it is rendered; the decisions' first page lists them, newest first."""
    if page.file.src_uri != "decisions/README.md":
        return markdown
    decisions = sorted(Path(page.file.abs_src_path).parent.glob("0*.md"), reverse=True)
    titles = (
        (path.name, path.read_text().partition("\n")[0].removeprefix("# ")) for path in decisions
    )
    return markdown + "\n\n" + "".join(f"- [{title}]({name})\n" for name, title in titles)
