"""How unfold colours the words of judgement. A badge carries a word; the colour only repeats it."""

from functools import cache

from django.utils.safestring import SafeString
from unfold.utils import display_for_label

from trust.presentation.pages.labels import EVIDENCE, LEVELS, RUNS, STATES, VERDICTS, Badge

_TONES = {"good": "success", "bad": "danger", "unsure": "warning", "quiet": "info"}


def _label(badges: list[Badge]) -> dict[str, str]:
    return {badge.word: _TONES[badge.tone] for badge in badges}


VERDICT_LABEL = _label([*VERDICTS.values()])
RUN_LABEL = _label([*RUNS.values()])
EVIDENCE_LABEL = _label([*EVIDENCE.values()])
STATE_LABEL = _label([*STATES.values()])
LEVEL_LABEL = _label([*LEVELS.values()])


@cache
def verdict_badge(verdict: str) -> SafeString:
    """The badge of a verdict, rendered once: in a long list the templates of the badges would cost more than all else."""
    badge: SafeString = display_for_label(VERDICTS[verdict].word, "", VERDICT_LABEL)
    return badge


@cache
def yes_or_no_badge(is_yes: bool) -> SafeString:
    """The badge of a decision, rendered once."""
    badge: SafeString = display_for_label("Yes" if is_yes else "No", "", {"Yes": "success", "No": "danger"})
    return badge
