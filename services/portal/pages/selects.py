"""Fields to choose from a list in. A page of twelve lists of all States spent half of its time on
WTForms' way to write an option, which sorts and escapes attributes that ours do not have."""

from typing import Final

import wtforms
from markupsafe import Markup
from wtforms.fields.choices import Choice
from wtforms.widgets import Select

_OPTION: Final = Markup('<option value="%s">%s</option>')
_CHOSEN: Final = Markup('<option selected value="%s">%s</option>')


class _Options(Select):
    """A list of options without attributes of their own, as WTForms writes them."""

    @classmethod
    def render_option(cls, choice: Choice, **attributes: object) -> Markup:
        """One option."""
        if choice.render_kw or attributes or not isinstance(choice.value, str):
            plain: Markup = super().render_option(choice, **attributes)
            return plain
        option = _CHOSEN if choice.selected else _OPTION
        return option % (choice.value, choice.label)


class SelectField(wtforms.SelectField):
    """One of several."""

    widget = _Options()
