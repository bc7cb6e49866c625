"""An outcome as the JSON that consumers get: short by default (under 1 KB, nothing cut in silence), or everything.

Messages and remedies are shortened to fit and then end in an ellipsis; reasons that are left out are counted in `more_reasons`.

A stored answer is JSON text with marks where something stands that is known only when it is given: the id of its decision, the
moment of asking, the age of the evidence. The marks are control characters, which JSON text never holds otherwise: what fills
them in is a plain replacement, in the statements that give stored answers as in `filled`.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from catalog.rules.moments import rfc_3339
from trust.evidence.rules import formatting
from trust.verdicts.rules.outcome import GateResult, Outcome, PortOutcome
from trust.vocabulary import GateName, GateStatus

_ID, _AS_OF, _AGE = "\x01", "\x02", "\x03"
DECISION_ID_MARK = msgspec.Raw(_ID.encode())
"""Stands for the id of the decision in whatever is answered and logged; `msgspec.json.encode` writes it as it is."""

AS_OF_MARK, AGE_MARK = msgspec.Raw(f'"{_AS_OF}"'.encode()), msgspec.Raw(_AGE.encode())

_LONGEST_BYTES = 1023
_WIDEST = (2**63 - 1, datetime.max.replace(tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))
"""Id, moment of asking and moment of the evidence as long as they can become."""
_FITS = (
    (3, 160, 110, 2),
    (3, 110, 70, 2),
    (3, 80, 50, 2),
    (2, 160, 110, 2),
    (2, 130, 90, 2),
    (2, 110, 70, 1),
    (2, 80, 50, 1),
    (1, 160, 110, 1),
    (1, 100, 60, 1),
    (1, 50, 30, 1),
)
"""Number of reasons, longest message, longest remedy, number of waivers: from the most telling to the tersest."""
_DERIVED = frozenset({GateName.SCORE, GateName.COVERAGE})


def short_answer(outcome: Outcome, as_of: datetime | None = None) -> dict[str, Any]:
    """The answer of DESIGN.md section 5, under 1 KB as UTF-8 JSON for slugs and names of ordinary length.

    `as_of` is the moment that the question was about; without it the moment of judgement. Beyond the keys of the design:
    `effective_score` and `limited_by` where an input holds the score down, `waived` and `off` among the gates where there are
    any, `gates_off` with names, `waivers`, `more_reasons`, and `warnings`, the number of data warnings. A gate that only
    repeats that evidence is missing is counted and not listed.
    """
    open_gates = sorted(outcome.open_gates, key=_priority)
    telling = [gate for gate in open_gates if gate.code != "no_evidence"] or open_gates
    answer: dict[str, Any] = {}
    for reasons, message, remedy, waivers in _FITS:
        shown = [_reason(gate, message, remedy) for gate in telling[:reasons]]
        answer = _frame(outcome, as_of or outcome.judged_at, shown, len(open_gates) - len(shown), waivers)
        if len(filled(_text_with_marks(outcome, answer), *_WIDEST).encode()) <= _LONGEST_BYTES:
            break
    return answer


def stored_text(outcome: Outcome) -> str:
    """The short answer as JSON text with its marks, `decision_id` and `decision` first: what the current row keeps."""
    return _text_with_marks(outcome, short_answer(outcome))


def _text_with_marks(outcome: Outcome, answer: Mapping[str, Any]) -> str:
    evidence = answer["evidence"] and {**answer["evidence"], "age_seconds": AGE_MARK}
    marked = {**answer, "as_of": AS_OF_MARK, "evidence": evidence}
    return worded({"decision_id": DECISION_ID_MARK, "decision": outcome.is_production_grade, **marked})


def worded(answer: Mapping[str, Any]) -> str:
    """What is answered as JSON text, its marks still in it."""
    return msgspec.json.encode(answer).decode()


def filled(text: str, decision_id: int, as_of: datetime, evidence_at: datetime | None) -> str:
    """A stored answer as it is given at `as_of`; the statements that give stored answers do the same."""
    text = text.replace(_ID, str(decision_id)).replace(_AS_OF, _moment(as_of))
    return text if evidence_at is None else text.replace(_AGE, str(age_seconds(evidence_at, as_of)))


def trust_part(text: str, as_of: datetime, evidence_at: datetime | None) -> dict[str, Any]:
    """What a stored answer says about the product at `as_of`: everything but the decision."""
    answer: dict[str, Any] = msgspec.json.decode(filled(text, 0, as_of, evidence_at))
    del answer["decision_id"], answer["decision"]
    return answer


def marked_part(text: str) -> dict[str, Any]:
    """The same with its marks, for a text that the statement that logs it fills in."""
    answer = trust_part(text, *_WIDEST[1:])
    return {**answer, "as_of": AS_OF_MARK, "evidence": answer["evidence"] and {**answer["evidence"], "age_seconds": AGE_MARK}}


def valid_only_until(trust: Mapping[str, Any], end: datetime) -> dict[str, Any]:
    """A trust answer that says so, whatever the verdict's own end: something else that it rests on ends before."""
    return {**trust, "valid_until": rfc_3339(end)}


def evidence_at(outcome: Outcome) -> datetime | None:
    """When the oldest run began that speaks for a port; None where no run does."""
    return min((started_at for started_at, _ in _speaking(outcome.ports)), default=None)


def age_seconds(evidence_at: datetime, as_of: datetime) -> int:
    """Whole seconds, never negative."""
    return max(int((as_of - evidence_at).total_seconds()), 0)


def full_answer(outcome: Outcome, as_of: datetime | None = None) -> dict[str, Any]:
    """The whole outcome: the short answer's keys with every reason at full length, and all that they rest on.

    `gate_results`: every gate, also those that pass or are off. `score_parts` and `checks`: all that is needed to recompute the
    score by hand, with the tolerance of every check beside its result.
    """
    reasons = [_reason(gate, None, None) for gate in sorted(outcome.open_gates, key=_priority)]
    return {
        **_frame(outcome, as_of or outcome.judged_at, reasons, 0, 0),
        "waivers": _plain(outcome.waivers),
        **({"warnings": _plain(outcome.warnings)} if outcome.warnings else {}),
        "effective_score": _score(outcome.effective_score),
        "limited_by": outcome.limited_by,
        "failing_path": list(outcome.failing_path),
        **({"path_left_out": outcome.path_left_out} if outcome.path_left_out else {}),
        **({"limited_from": outcome.limited_from} if outcome.limited_from else {}),
        "cause": outcome.cause or None,
        "gate_results": [_plain(gate) for gate in outcome.gates],
        "score_parts": [_plain(part) for part in outcome.parts],
        "checks": [_plain(dimension) for dimension in outcome.dimensions],
        "ports": [_plain(port) for port in outcome.ports],
        "policy_digest": outcome.policy_digest,
        "facts_digest": outcome.facts_digest,
    }


def _frame(
    outcome: Outcome, as_of: datetime, reasons: list[dict[str, Any]], left_out: int, shown_waivers: int
) -> dict[str, Any]:
    """The keys that every answer has, in the order of DESIGN.md."""
    answer: dict[str, Any] = {
        "product": outcome.slug,
        "is_production_grade": outcome.is_production_grade,
        "verdict": outcome.verdict.value,
        "score": _score(outcome.score),
        "raw_score": _score(outcome.raw_score),
        "grade": outcome.grade.value,
        "as_of": _moment(as_of),
        "valid_until": rfc_3339(outcome.valid_until),
        "gates": _counts(outcome.gates),
        "reasons": reasons,
        "sensitivity": outcome.sensitivity.value if outcome.sensitivity else None,
        "owner": outcome.owner,
        "policy_version": outcome.policy_version,
        "evidence": _evidence(outcome.ports, as_of),
    }
    if outcome.limited_by is not None:
        answer |= {"effective_score": _score(outcome.effective_score), "limited_by": outcome.limited_by}
    if outcome.warnings:
        answer["warnings"] = len(outcome.warnings)
    if left_out:
        answer["more_reasons"] = left_out
    if off := [gate.gate.value for gate in outcome.gates if gate.status is GateStatus.OFF]:
        answer["gates_off"] = off
    if outcome.waivers and shown_waivers:
        answer["waivers"] = [_waiver(waiver) for waiver in _plain(outcome.waivers)[:shown_waivers]]
    if len(outcome.waivers) > shown_waivers > 0:
        answer["more_waivers"] = len(outcome.waivers) - shown_waivers
    return answer


def _priority(gate: GateResult) -> tuple[int, bool, int]:
    """Failed before unknown, causes before what follows from them, then the order of the gates."""
    follows = gate.code == "no_evidence" or gate.gate in _DERIVED
    return (gate.status is not GateStatus.FAILED, follows, list(GateName).index(gate.gate))


def _reason(gate: GateResult, message: int | None, remedy: int | None) -> dict[str, Any]:
    responsible = gate.responsible
    return {
        "gate": gate.gate.value,
        "code": gate.code,
        "message": gate.message if message is None else formatting.shorten(gate.message, message),
        "remedy": gate.remedy if remedy is None else formatting.shorten(gate.remedy, remedy),
        "owner": (responsible.username or responsible.role.value) if responsible else None,
    }


def _counts(gates: Iterable[GateResult]) -> dict[str, int]:
    """Gates by status; `waived` are among the passed. `off` and `waived` only where there are any."""
    results = list(gates)
    counts = {status.value: sum(gate.status is status for gate in results) for status in GateStatus}
    counts["waived"] = sum(gate.waiver_id is not None or bool(gate.check_waiver_ids) for gate in results)
    return {name: number for name, number in counts.items() if number or name not in {"off", "waived"}}


def _evidence(ports: Iterable[PortOutcome], as_of: datetime) -> dict[str, Any] | None:
    """The oldest run that speaks for a port, with its age; None where no run does."""
    speaking = _speaking(ports)
    if not speaking:
        return None
    started_at, run = min(speaking)
    return {"run": run, "age_seconds": age_seconds(started_at, as_of)}


def _speaking(ports: Iterable[PortOutcome]) -> list[tuple[datetime, str]]:
    return [(port.started_at, port.run_id) for port in ports if port.started_at and port.expires_at and port.run_id]


def _waiver(waiver: dict[str, Any]) -> dict[str, Any]:
    """Who excepts what until when; the reasons are in the full answer."""
    kept = ("id", "gate", "check_key", "expires_at")
    short = {key: formatting.shorten(waiver[key], 60) for key in kept if waiver[key] is not None}
    return {**short, "owner": waiver["owner"]["username"]}


def _plain(value: object) -> Any:
    """Plain JSON values, whole numbers as ints."""
    return _whole(msgspec.to_builtins(value, order="deterministic"))


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    if isinstance(value, float):
        return int(value) if value == int(value) else round(value, 6)
    return value


def _score(value: float) -> float:
    """With one decimal, also where that is a zero."""
    return round(float(value), 1)


def _moment(time: datetime) -> str:
    """With six decimals always, as the statements in SQL write it: a replay compares byte for byte."""
    return rfc_3339(time, timespec="microseconds")
