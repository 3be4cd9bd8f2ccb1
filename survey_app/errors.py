"""What may go wrong in a rule, and the page each becomes.

Rules raise these with a Vietnamese sentence that says what is wrong and what to do; pages do not catch them unless
they have a better place for the sentence (a form field, a fault list).
"""


class SurveyError(Exception):
    """Base of all refusals; `message` is shown to the user as it is."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refused(SurveyError):
    """The act is not allowed in the present state, or not to this person (403)."""


class NoRight(Refused):
    """The account does not hold the right of the page."""


class Missing(SurveyError):
    """The thing is not there, or not in the scope of who asks (404)."""

    def __init__(self, message: str = "Không tìm thấy nội dung này.") -> None:
        super().__init__(message)


class Conflict(SurveyError):
    """Somebody was faster (409)."""


class Invalid(SurveyError):
    """Input with faults; `faults` maps a field name (or "") to the sentence beside it (422)."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults
