"""What is raised for a code that may not be used."""

import difflib
from collections.abc import Iterable
from datetime import date
from functools import cached_property


class CodeError(ValueError):
    """A code that may not be used. Has `vocabulary` (its name) and `code` (as given)."""

    def __init__(self, vocabulary: str, code: str, message: str) -> None:
        super().__init__(message)
        self.vocabulary = vocabulary
        self.code = code


class UnknownCode(CodeError):  # noqa: N818 (the name that the other rooms catch)
    """A code that the vocabulary does not have; its message names those that look like it."""

    def __init__(self, vocabulary: str, code: str, valid: Iterable[str] = ()) -> None:
        self._shown = code if len(code) <= 60 else f"{code[:60]}…"
        self._valid = tuple(valid)
        super().__init__(vocabulary, code, f"'{self._shown}' is not a code of {vocabulary}.")

    @cached_property
    def closest(self) -> tuple[str, ...]:
        """Up to three codes that look like this one.

        Sought when first asked for: it costs a thousand times what it takes to miss a code, and a
        caller may have sent thousands of them.
        """
        return _closest(self._shown, self._valid)

    def __str__(self) -> str:
        hint = f" Did you mean {' or '.join(self.closest)}?" if self.closest else ""
        return super().__str__() + hint


class RetiredCode(CodeError):  # noqa: N818
    """A code that was valid once; `replaced_by` names the one to use, where there is one."""

    def __init__(self, vocabulary: str, code: str, retired: date, replaced_by: str | None) -> None:
        self.retired = retired
        self.replaced_by = replaced_by
        hint = f" Use '{replaced_by}'." if replaced_by else ""
        super().__init__(
            vocabulary, code, f"'{code}' of {vocabulary} was retired on {retired}.{hint}"
        )


def _closest(code: str, valid: tuple[str, ...]) -> tuple[str, ...]:
    folded = {candidate.casefold(): candidate for candidate in valid}
    found = difflib.get_close_matches(code.casefold(), list(folded), n=3, cutoff=0.6)
    return tuple(folded[candidate] for candidate in found)
