"""How unfold colours the words of judgement. A badge carries a word; the colour only repeats it."""

from trust.pages.words import EVIDENCE, LEVELS, RUNS, STATES, VERDICTS, Badge

_TONES = {"good": "success", "bad": "danger", "unsure": "warning", "quiet": "info"}


def _label(badges: list[Badge]) -> dict[str, str]:
    return {badge.word: _TONES[badge.tone] for badge in badges}


VERDICT_LABEL = _label([*VERDICTS.values()])
RUN_LABEL = _label([*RUNS.values()])
EVIDENCE_LABEL = _label([*EVIDENCE.values()])
STATE_LABEL = _label([*STATES.values()])
LEVEL_LABEL = _label([*LEVELS.values()])
