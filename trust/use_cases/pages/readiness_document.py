"""The report about a use case as JSON: what is signed, and what the page prints."""

from datetime import datetime
from typing import Any

import msgspec

from catalog.rules.moments import rfc_3339
from trust.use_cases.pages.readiness import Actor, GapLine, Line
from trust.use_cases.pages.readiness_report import Report
from trust.use_cases.services.signed_reports import SignedReport, signed_report


def signed_document(report: Report, *, issuer: str, now: datetime) -> SignedReport:
    """The report with its signature. Raises KeyUnavailableError."""
    return signed_report(document_of(report, issuer=issuer, now=now))


def document_of(report: Report, *, issuer: str, now: datetime) -> dict[str, Any]:
    """The report as plain JSON values, with the claims of RFC 7519: who says it (`iss`) of which use case (`sub`), when (`iat`)
    and until when (`exp`), in whole seconds, cut off. What is about the past speaks for no time of today: `exp` is `iat`.
    """
    assessment, facts = report.assessment, report.facts
    end = now if report.is_about_the_past else assessment.valid_until
    return {
        "iss": issuer,
        "sub": facts.slug,
        "iat": int(now.timestamp()),
        "exp": int(end.timestamp()),
        "as_of": rfc_3339(report.at),
        "assessed_at": rfc_3339(assessment.assessed_at),
        "valid_until": rfc_3339(assessment.valid_until),
        "use_case": _use_case(report),
        "level": assessment.level.value,
        "weakest": assessment.weakest.value,
        "summary": report.panel.summary,
        "gaps": [_gap(gap) for gap in report.gaps],
        "next_stage": report.panel.next_stage.value if report.panel.next_stage else None,
        "blocks": [line.question.value for line in report.panel.blocks],
        "who_must_act": [_actor(actor) for actor in report.actors],
        "measures": msgspec.to_builtins(report.measures),
        "overrides": msgspec.to_builtins(report.overrides),
        "waivers": msgspec.to_builtins(report.waivers),
        "policy_version": assessment.policy_version,
        "policy_digest": assessment.policy_digest,
        "facts_digest": assessment.facts_digest,
    }


def _use_case(report: Report) -> dict[str, Any]:
    facts = report.facts
    people = {
        name: msgspec.to_builtins(person and {"username": person.username, "name": person.name or person.username})
        for name, person in (
            ("business_owner", facts.business_owner),
            ("outputs_owner", facts.outputs_owner),
            ("exceptions_owner", facts.exceptions_owner),
        )
    }
    return {
        "slug": facts.slug,
        "name": facts.name,
        "business_decision": report.claims.decision,
        "purpose": facts.purpose,
        "autonomy": facts.autonomy.value,
        "stage": facts.stage.value,
        "stage_since": rfc_3339(report.claims.stage_since),
        "stage_approval": msgspec.to_builtins(report.approval),
        **people,
        "workflow": facts.workflow or None,
        "system": facts.system or None,
        "step": facts.step or None,
        "fallback": report.claims.fallback or None,
        "products": list(report.products),
        "hidden_products": report.hidden_products,
        "consumers": [consumer.slug for consumer in facts.consumers],
    }


def _gap(gap: GapLine) -> dict[str, Any]:
    return {
        "gap": gap.gap.value,
        "title": gap.title,
        "level": gap.level.value,
        "yes": gap.yes,
        "no": gap.no,
        "unknown": gap.unknown,
        "questions": [_question(line) for line in gap.questions],
    }


def _question(line: Line) -> dict[str, Any]:
    return {
        "question": line.question.value,
        "title": line.title,
        "answer": line.answer.value,
        "code": line.code,
        "message": line.message,
        "remedy": line.remedy or None,
        "responsible": [{"role": who.role.value, "username": who.username, "name": who.name} for who in line.responsible],
        "needed_for": line.needed_for.value,
        "references": msgspec.to_builtins(line.evidence),
        "numbers": dict(line.numbers),
    }


def _actor(actor: Actor) -> dict[str, Any]:
    return {
        "username": actor.username,
        "name": actor.name,
        "titles": list(actor.titles),
        "tasks": [
            {"question": task.question.value, "answer": task.answer.value, "remedy": task.remedy} for task in actor.tasks
        ],
    }
