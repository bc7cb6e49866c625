"""Which columns probably hold personal data, by their names and by the form of their values."""

import itertools
import re
from dataclasses import dataclass

from catalog.rules.vocabulary import LogicalType, Sensitivity
from trust.evidence.rules.profiling.columns import Column
from trust.evidence.rules.profiling.texts import format_of

_SPLIT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")
_RESTRICTED = frozenset(
    [
        "ssn",
        "passport",
        "iban",
        "bic",
        "health",
        "diagnosis",
        "religion",
        "ethnicity",
        "salary",
        "biometric",
        "genome",
        "disability",
        "cardnumber",
    ]
)
_PERSONAL = frozenset(
    [
        "email",
        "mail",
        "phone",
        "mobile",
        "fax",
        "firstname",
        "lastname",
        "surname",
        "forename",
        "fullname",
        "birthday",
        "birthdate",
        "dob",
        "birth",
        "gender",
        "sex",
        "address",
        "street",
        "ip",
        "latitude",
        "longitude",
        "username",
        "nickname",
        "patient",
        "employee",
        "person",
        "citizen",
        "license",
        "tax",
        "driver",
        "contact",
    ]
)
_WITH_NAME = frozenset(
    [
        "first",
        "last",
        "full",
        "family",
        "given",
        "customer",
        "user",
        "contact",
        "person",
        "patient",
        "employee",
        "maiden",
        "middle",
        "account",
        "holder",
        "owner",
    ]
)
_OF_FORMAT = {
    "email": Sensitivity.CONFIDENTIAL,
    "phone": Sensitivity.CONFIDENTIAL,
    "iban": Sensitivity.RESTRICTED,
    "ipv4": Sensitivity.CONFIDENTIAL,
}


@dataclass(frozen=True, slots=True)
class Privacy:
    """What a column probably is, how sure that is (0 to 1), and why."""

    personal: bool
    sensitivity: Sensitivity
    confidence: float
    reason: str


def privacy_of(column: Column) -> Privacy:
    """A proposal for a person to confirm: what is not told by name or form counts as internal, with little confidence."""
    words = [word.lower() for word in _SPLIT.split(column.name) if word]
    joined = {*words, *(one + two for one, two in itertools.pairwise(words))}
    form = format_of(column) if column.type is LogicalType.STRING else ""
    by_name = _RESTRICTED & joined or _PERSONAL & joined
    if not by_name and "name" in words and _WITH_NAME & set(words):
        by_name = frozenset({column.name})
    if form in _OF_FORMAT:
        sensitivity = Sensitivity.RESTRICTED if _RESTRICTED & joined else _OF_FORMAT[form]
        return Privacy(True, sensitivity, 0.95 if by_name else 0.8, f"the values have the form of {form}")
    if by_name and not (words[-1] in {"id", "count", "flag"} and column.type is not LogicalType.STRING):
        sensitivity = Sensitivity.RESTRICTED if _RESTRICTED & joined else Sensitivity.CONFIDENTIAL
        return Privacy(True, sensitivity, 0.7, "by its name")
    return Privacy(False, Sensitivity.INTERNAL, 0.4, "nothing in its name or values points to a person")
