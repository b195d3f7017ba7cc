"""The forms in which the library's results display themselves."""

from collections.abc import Callable
from typing import Any

from imageshelf.cleanup.cleaning import Cleaning
from imageshelf.copies.groups import Duplicates
from imageshelf.report import (
    calibration,
    cleanup,
    duplicates,
    explanation,
    matches,
    notebook,
    plan,
    sheets,
)
from imageshelf.searching.calibration import Calibration
from imageshelf.searching.explanation import Explanation
from imageshelf.searching.matches import Matches

_FORMS: dict[tuple[type, str], Callable[[Any], Any]] = {
    (Matches, "html"): lambda answer: (
        notebook.html_cards(sheets.of_matches(answer)) + matches.html_table(answer)
    ),
    (Duplicates, "html"): lambda answer: notebook.html_cards(sheets.of_duplicates(answer)),
    (Duplicates, "records"): duplicates.records,
    (Explanation, "html"): lambda answer: notebook.html_cards(sheets.of_explanation(answer)),
    (Explanation, "text"): explanation.text,
    (Cleaning, "text"): lambda answer: (
        cleanup.result_text(answer.result) if answer.result else plan.plan_text(answer.plan)
    ),
    (Calibration, "html"): lambda answer: notebook.html_cards(sheets.of_calibration(answer)),
    (Calibration, "text"): calibration.text,
    (Calibration, "svg"): calibration.svg,
}


def rendered(result: object, form: str) -> Any:
    """Return a result in a form; KeyError if the result does not have it."""
    for kind in type(result).__mro__:
        if make := _FORMS.get((kind, form)):
            return make(result)
    raise KeyError(f"{type(result).__name__} has no form {form!r}")
