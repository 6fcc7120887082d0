"""Lists to choose from are written as WTForms writes them."""

import pytest
import wtforms
from werkzeug.datastructures import MultiDict

from services.portal.pages.selects import SelectField

CHOICES = [
    ("", "Any"),
    ("SEN", "Sénégal"),
    ("<b>", '"Quoted" & <script>'),
    (True, "a truth"),
    (7, "a number"),
    ("own", "with attributes", {"disabled": True, "data-more": "<&>"}),
]
GROUPS = {"One": CHOICES[:2], "<Two>": CHOICES[2:]}


@pytest.mark.parametrize("chosen", ["", "<b>", "True", "own", "of no list"])
@pytest.mark.parametrize("choices", [CHOICES, GROUPS])
def test_a_list_is_written_as_the_library_does(chosen: str, choices: object) -> None:
    class Theirs(wtforms.Form):
        x = wtforms.SelectField(choices=choices)

    class Ours(wtforms.Form):
        x = SelectField(choices=choices)

    sent = MultiDict({"x": chosen})
    written = str(Ours(sent).x(class_="wide"))
    assert written == str(Theirs(sent).x(class_="wide"))
    assert "<script>" not in written
