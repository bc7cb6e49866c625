"""Readiness: a use case against the five gaps, as a pure function of facts and time."""

from trust.use_cases.rules.readiness.outcome import Assessment, Evidence, GapResult, QuestionResult

__all__ = ["Assessment", "Evidence", "GapResult", "QuestionResult"]
