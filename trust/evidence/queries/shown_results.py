"""The results of a run as they may be shown today: a field that was classified after the run is withheld all the same."""

from trust.evidence.models.run import CheckResult, Run
from trust.evidence.queries.facts import check_facts_of, keeping_at
from trust.evidence.rules.redaction import withheld


def shown_results(run: Run) -> list[CheckResult]:
    """The rows, in the order of the suite and not to be saved, without samples and observed values of what the port keeps."""
    keeping = keeping_at(run.port)
    rows = list(CheckResult.objects.filter(run=run))
    for row in rows:
        facts = withheld(check_facts_of(row, run.port.name), keeping)
        row.observed_value, row.message = facts.observed_value, facts.message
        row.samples = [] if keeping.concerns(row.kwargs) else row.samples
    return rows
