"""Registers ODCS documents: the claims through `catalog`, the suites here, all of one document in one transaction."""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter

from django.conf import settings
from django.db import transaction

from catalog.contracts.document import ContractDocument, SuiteClaims
from catalog.contracts.findings import NotExecutable
from catalog.contracts.reader import read_contract
from catalog.models import DataProduct, OutputPort, Person
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Lifecycle, SourceKind
from catalog.services.permissions import is_governance, require_governance
from catalog.services.recording import recorded
from catalog.services.registration import TakenIn, add_missing_people, keep_contract, take_in, with_people
from trust.evidence.models.suite import Suite
from trust.evidence.queries.sql_rules import approved_queries
from trust.evidence.rules.expectation_patterns import pattern_fault
from trust.evidence.rules.expectation_types import KNOWN_TYPES, REFERENCE_TYPE, SQL_RULE_TYPE
from trust.evidence.rules.sql_rules import query_digest
from trust.evidence.services.port_locations import demand_own_data
from trust.evidence.services.ports import check_location
from trust.evidence.services.suites import put_suite, remove_suite
from trust.intake.services.contract_changes import loosened, read_before, same_version, taken_away, tell_consumers
from trust.verdicts.queries.product_facts import review_status
from trust.verdicts.rules.vacuity import cannot_fail


@dataclass(slots=True)
class RegistrationReport:
    """What a registration did, or with `dry_run` would do. No changes: the document said nothing new.

    not_executable: what the document demands and Touchstone does not check. next_steps: what its people should do now.
    """

    slug: str
    created: bool
    changes: list[str]
    not_executable: list[NotExecutable]
    warnings: list[str]
    next_steps: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: a report, or the error that stopped it."""

    filename: str
    report: RegistrationReport | None = None
    error: DomainError | None = None


def register_document(
    *,
    content: bytes,
    filename: str,
    actor: Person | None,
    now: datetime,
    dry_run: bool = False,
    add_people: bool = False,
    owner: str = "",
    publish_policies: bool | None = None,
) -> RegistrationReport:
    """Make what the document says hold, or only tell what would change.

    add_people: make an active person of each team member who has none. owner: username of whoever owns a product whose contract
    names nobody who has an account; without it a registered product keeps its owner, and `actor` owns a new one provisionally.
    publish_policies: None means that the contract's access policies are published where `actor` may do so (governance, the
    system) and are drafts otherwise. A port whose data may not be read is kept, named, and never has evidence. A document that
    raises (`InvalidError`, `ConflictError`, `ForbiddenError`) leaves nothing behind.
    """
    document = read_contract(content, today=now.date(), variables=settings.TOUCHSTONE.variables_by_name)
    with transaction.atomic():
        report = _register(
            document=document,
            content=content,
            filename=filename,
            actor=actor,
            now=now,
            add_people=add_people,
            owner=owner,
            publish_policies=publish_policies,
        )
        if dry_run:
            transaction.set_rollback(True)
    return report


def _register(
    *,
    document: ContractDocument,
    content: bytes,
    filename: str,
    actor: Person | None,
    now: datetime,
    add_people: bool,
    owner: str,
    publish_policies: bool | None,
) -> RegistrationReport:
    if publish_policies:
        require_governance(actor, "publish access policies")
    with recorded("register_contract", actor):
        people = add_missing_people(document=document, owner=owner, actor=actor) if add_people else []
        report = put_document(
            document=document,
            content=content,
            filename=filename,
            actor=actor,
            now=now,
            owner=owner,
            publish_policies=is_governance(actor) if publish_policies is None else publish_policies,
        )
        report.changes[:0] = people
    return report


def put_document(
    *,
    document: ContractDocument,
    content: bytes,
    filename: str,
    actor: Person | None,
    now: datetime,
    owner: str = "",
    publish_policies: bool = False,
    trusted: str = "",
) -> RegistrationReport:
    """Make hold what was read in `content`, as `register_document` does. trusted: a location that may be read anywhere."""
    with recorded("register_contract", actor):
        document, lacking = with_people(document=document, owner=owner, actor=actor)
        document, warnings = _with_readable_ports(document, actor, trusted)
        known = DataProduct.objects.filter(slug=document.product.slug).exclude(lifecycle=Lifecycle.RETIRED).first()
        before = read_before(known, document, now) if known else None
        taken = take_in(document=document, actor=actor, publish_policies=publish_policies, now=now)
        changes = list(taken.changes)
        not_executable = [*document.not_executable, *lacking]
        if taken.product.lifecycle != Lifecycle.RETIRED:
            changes += _put_suites(taken, document.suites, actor, now)
            not_executable += _unknown_types(document.suites)
            not_executable += _unrunnable_patterns(document.suites)
            not_executable += _unapproved_sql(taken.product, document.suites)
            not_executable += _dead_references(document)
        changes += keep_contract(
            product=taken.product,
            document=document,
            content=content,
            filename=filename,
            not_executable=not_executable,
            actor=actor,
        )
        if before is not None and changes and taken.product.lifecycle != Lifecycle.RETIRED:
            warnings += [*before.overwritten, *same_version(document, content, before)]
            warnings += loosened(taken.product, before, now)
            lines = taken_away(taken.product, before)
            told = tell_consumers(product=taken.product, lines=lines, version=document.version, now=now)
            warnings += [f"taken away: {line}" for line in lines]
            warnings += [f"consumers: {told} with agreements or recent answers were notified of it"] if told else []
        return RegistrationReport(
            slug=taken.product.slug,
            created=taken.is_new,
            changes=changes,
            not_executable=not_executable,
            warnings=[
                *document.warnings,
                *warnings,
                *taken.warnings,
                *_undeclared_inputs(document),
                *_idle_checks(taken.product.slug, document.suites),
            ],
            next_steps=_next_steps(taken, now),
        )


def register_files(
    *,
    files: Mapping[str, bytes],
    actor: Person | None,
    now: datetime,
    dry_run: bool = False,
    add_people: bool = False,
    owner: str = "",
    publish_policies: bool | None = None,
) -> list[FileOutcome]:
    """Register several documents, inputs before what is built from them, each in a transaction of its own.

    One that fails does not stop the others. With `dry_run` they see one another's changes, and all is undone at the end.
    """
    outcomes: list[FileOutcome] = []
    readable: dict[str, ContractDocument] = {}
    for filename, content in files.items():
        try:
            readable[filename] = read_contract(content, today=now.date(), variables=settings.TOUCHSTONE.variables_by_name)
        except DomainError as error:
            outcomes.append(FileOutcome(filename, error=error))
    try:
        order = _in_order(readable)
    except ConflictError as error:
        return [*outcomes, *(FileOutcome(filename, error=error) for filename in readable)]
    with transaction.atomic() if dry_run else nullcontext():
        for filename in order:
            try:
                report = _register(
                    document=readable[filename],
                    content=files[filename],
                    filename=filename,
                    actor=actor,
                    now=now,
                    add_people=add_people,
                    owner=owner,
                    publish_policies=publish_policies,
                )
                outcomes.append(FileOutcome(filename, report=report))
            except DomainError as error:
                outcomes.append(FileOutcome(filename, error=error))
        if dry_run:
            transaction.set_rollback(True)
    places = list(files)
    return sorted(outcomes, key=lambda outcome: places.index(outcome.filename))


def _with_readable_ports(document: ContractDocument, actor: Person | None, trusted: str) -> tuple[ContractDocument, list[str]]:
    """The document, with ports of kind `unsupported` for those that may not be read, and warnings about the others."""
    ports, suites, lost, warnings = list(document.ports), dict(document.suites), list(document.not_executable), []
    for n, port in enumerate(document.ports):
        if trusted and port.location == trusted:
            continue
        try:
            warnings += check_location(port, owner=document.product.owner, host=document.hosts[port.name])
            demand_own_data(port, slug=document.product.slug, actor=actor)
        except (ForbiddenError, InvalidError) as error:
            if error.code == "connection_reference_invalid":  # it may be the credentials themselves
                raise
            reason = f"{error.message} {error.remedy}"
            why = f"cannot be read, so the product stays unknown: {reason}"
            lost.append(NotExecutable(f"port {port.name}", f"port {port.name}", why))
            ports[n] = replace(port, source_kind=SourceKind.UNSUPPORTED, location=reason[:1000], connection="")
            if (suite := suites.pop(port.name, None)) is not None:
                lost += [_kept(one, f"not checked, because {port.name} cannot be read") for one in suite.expectations]
    return replace(document, ports=tuple(ports), suites=suites, not_executable=tuple(lost)), warnings


def _in_order(documents: Mapping[str, ContractDocument]) -> list[str]:
    """The files, inputs and references first. Raises `ConflictError` where inputs run in a circle."""
    of_slug = {document.product.slug: filename for filename, document in documents.items()}
    needs = {
        filename: {of_slug[one.product] for one in document.inputs if one.product in of_slug}
        for filename, document in documents.items()
    }
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        path = " <- ".join(documents[filename].product.slug for filename in reversed(error.args[1]))
        raise ConflictError(
            f"The input products run in a circle: {path}.",
            remedy="Remove one of these inputs; a product cannot be evidence for itself.",
            code="input_cycle",
            field="inputs",
        ) from error


def _put_suites(taken: TakenIn, suites: Mapping[str, SuiteClaims], actor: Person | None, now: datetime) -> list[str]:
    changes = []
    for name, claims in suites.items():
        port = taken.ports[name]
        before = port.suites.filter(is_current=True).first()
        after = put_suite(port=port, expectations=claims.expectations, schedule=claims.schedule, actor=actor, now=now)
        changes += _suite_differences(name, before, after)
    idle = [port for name, port in taken.ports.items() if name not in suites]
    for port in [*idle, *taken.removed]:
        if port.suites.filter(is_current=True).exists():
            remove_suite(port=port, actor=actor)
            changes.append(f"suite {port.name}: removed")
    return changes


def _suite_differences(name: str, before: Suite | None, after: Suite) -> list[str]:
    if before is None:
        return [f"suite {name}: added with {len(after.expectations)} checks"]
    if before.pk == after.pk:
        return []
    lines = [f"suite {name}: v{before.version} -> v{after.version}"]
    if before.schedule != after.schedule:
        lines.append(f"suite {name}.schedule: {before.schedule or 'none'} -> {after.schedule or 'none'}")
    old, new = ([_check_line(one) for one in suite.expectations] for suite in (before, after))
    lines += [f"check {name}: {line}: removed" for line in old if line not in new]
    lines += [f"check {name}: {line}: added" for line in new if line not in old]
    return lines


def _check_line(stored: Mapping[str, object]) -> str:
    kwargs = stored["kwargs"]
    arguments = ", ".join(f"{key}={value}" for key, value in kwargs.items()) if isinstance(kwargs, dict) else ""
    return f"{stored['type']}({arguments[:160]}) {stored['severity']} {stored['dimension']}"


def _unknown_types(suites: Mapping[str, SuiteClaims]) -> list[NotExecutable]:
    return [
        _kept(one, "there is no such type of expectation; it stays in the suite and comes out as an error")
        for claims in suites.values()
        for one in claims.expectations
        if one.type not in KNOWN_TYPES
    ]


def _unrunnable_patterns(suites: Mapping[str, SuiteClaims]) -> list[NotExecutable]:
    return [
        _kept(one, f"the pattern in {fault.argument} {fault.reason}; it stays in the suite and comes out as an error")
        for claims in suites.values()
        for one in claims.expectations
        if (fault := pattern_fault(one)) is not None
    ]


def _dead_references(document: ContractDocument) -> list[NotExecutable]:
    """Foreign keys that lead to a port or column that is not registered. They stay in the suite and come out as errors."""
    found = []
    for one in _references(document.suites.values()):
        slug, _, name = str(one.kwargs.get("reference")).partition("/")
        port = OutputPort.objects.filter(product__slug=slug, name=name).first()
        columns = one.kwargs.get("reference_column_list") or [one.kwargs.get("reference_column")]
        missing = [
            str(column)
            for column in (columns if isinstance(columns, list) else [])
            if port is not None and port.fields.exists() and not port.fields.filter(name=column).exists()
        ]
        if port is None:
            found.append(_kept(one, f"there is no port '{slug}/{name}' yet; the check is an error until it is registered"))
        elif missing:
            found.append(_kept(one, f"port '{slug}/{name}' has no field '{missing[0]}'; the check is an error until it has"))
    return found


def _unapproved_sql(product: DataProduct, suites: Mapping[str, SuiteClaims]) -> list[NotExecutable]:
    approved = approved_queries(product)
    return [
        _kept(
            one,
            f"the check is an error until governance approved this SQL: bin/manage approve_sql {product.slug} --digest "
            f"{query_digest(str(one.kwargs['query']))[:12]} --as USERNAME",
        )
        for claims in suites.values()
        for one in claims.expectations
        if one.type == SQL_RULE_TYPE and query_digest(str(one.kwargs["query"])) not in approved
    ]


def _undeclared_inputs(document: ContractDocument) -> list[str]:
    """Products that foreign keys lead to and that the contract does not name as inputs."""
    named = {one.product for one in document.inputs} | {document.product.slug}
    slugs = {str(one.kwargs.get("reference")).partition("/")[0] for one in _references(document.suites.values())}
    return [
        f"customProperties: foreign keys lead to '{slug}', which touchstone.inputPorts does not name: its fall will not be felt"
        for slug in sorted(slugs - named)
    ]


def _references(suites: Iterable[SuiteClaims]) -> list[Expectation]:
    return [one for claims in suites for one in claims.expectations if one.type == REFERENCE_TYPE]


def _idle_checks(slug: str, suites: Mapping[str, SuiteClaims]) -> list[str]:
    return [
        f"{one.meta.get('path', name)}: {one.type} cannot fail: {reason}. It counts for no coverage"
        for name, claims in suites.items()
        for one in claims.expectations
        if (reason := cannot_fail(one, f"{slug}/{name}")) is not None
    ]


def _kept(expectation: Expectation, reason: str) -> NotExecutable:
    rule = str(expectation.meta.get("name") or expectation.type)
    return NotExecutable(str(expectation.meta.get("path", "quality")), rule, reason)


def _next_steps(taken: TakenIn, now: datetime) -> list[str]:
    """What its people should do now, in the order of the gates that ask for it."""
    product = taken.product
    if product.lifecycle == Lifecycle.RETIRED:
        return []
    steps, owner = [], product.owner_name
    if not owner:
        steps.append(
            "name an owner who has an account: in the contract's team, or with --owner USERNAME; then register it again"
        )
    elif product.lifecycle == Lifecycle.DRAFT and not product.owner_is_provisional:
        steps.append("publish it: set the contract's status to active and register it again")
    if owner and (product.acknowledged_at is None or product.acknowledged_by_id != product.owner_id):
        steps.append(f"{owner} acknowledges it: bin/manage acknowledge {product.slug} --as {owner}")
    if product.reviewed_at is None or any(one.is_looser for one in review_status(product.pk, now).differences):
        steps.append(f"governance reviews it: bin/manage review {product.slug} --as USERNAME")
    if any(port.suites.filter(is_current=True).exists() for port in taken.ports.values()):
        steps.append(f"gather evidence: bin/manage run_suite {product.slug}")
    return steps
