"""The words of the standard for how much a rule weighs and what it speaks about, as ours."""

from catalog.contracts.findings import Findings
from catalog.rules.vocabulary import Dimension, Severity

_SEVERITIES = {
    Severity.CRITICAL: ("critical", "error", "fatal", "high", "blocker", "blocking", "major", "severe", "fail", "must"),
    Severity.WARNING: ("warning", "warn", "medium", "moderate", "minor", "should"),
    Severity.INFO: ("info", "information", "informational", "low", "notice", "trivial", "could"),
}
SEVERITY_OF = {word: severity for severity, words in _SEVERITIES.items() for word in words}

# ODCS has seven dimensions, with short synonyms; ours of other names are taken too.
DIMENSION_OF = {
    **{dimension.value: dimension for dimension in Dimension},
    "conformity": Dimension.VALIDITY,
    "coverage": Dimension.COMPLETENESS,
    "ac": Dimension.ACCURACY,
    "cp": Dimension.COMPLETENESS,
    "cf": Dimension.VALIDITY,
    "cs": Dimension.CONSISTENCY,
    "cv": Dimension.COMPLETENESS,
    "tm": Dimension.TIMELINESS,
    "uq": Dimension.UNIQUENESS,
}


def severity_of(word: str | None, path: str, findings: Findings) -> Severity:
    """Critical where nothing is said, and where a word is unknown, which is warned of: too strict is the safer mistake."""
    if not word or not word.strip():
        return Severity.CRITICAL
    severity = SEVERITY_OF.get(word.strip().lower())
    if severity is None:
        findings.warn(f"{path}.severity", f"'{word}' is unknown and taken as critical; known are {', '.join(SEVERITY_OF)}")
    return severity or Severity.CRITICAL


def dimension_of(word: str | None, path: str, findings: Findings) -> Dimension | None:
    """None where nothing is said, or nothing that is known: the expectation's type then tells it."""
    if not word or not word.strip():
        return None
    dimension = DIMENSION_OF.get(word.strip().lower())
    if dimension is None:
        findings.warn(f"{path}.dimension", f"'{word}' is unknown; the dimension follows from the kind of check")
    return dimension
