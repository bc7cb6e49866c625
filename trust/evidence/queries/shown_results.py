"""The results of a run as they may be shown today: a field that was classified after the run is redact all the same."""

from trust.evidence.models.run import CheckResult, Run
from trust.evidence.queries.facts import check_facts_of, redaction_for
from trust.evidence.rules.redaction import redact


def shown_results(run: Run) -> list[CheckResult]:
    """The rows, in the order of the suite and not to be saved, without samples and observed values of what the port keeps."""
    redaction = redaction_for(run.port)
    rows = list(CheckResult.objects.filter(run=run))
    for row in rows:
        facts = redact(check_facts_of(row, run.port.name), redaction)
        row.observed_value, row.message = facts.observed_value, facts.message
        row.samples = [] if redaction.concerns(row.kwargs) else row.samples
    return rows
