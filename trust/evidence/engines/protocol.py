"""The only thing that the rest of Touchstone knows about engines."""

from typing import Protocol

from catalog.rules.expectation import SuiteSpec
from trust.evidence.rules.evidence import RunEvidence, Source


class Engine(Protocol):
    """Looks at a source through a suite. Never raises for bad data, bad sources or bad expectations: it reports them."""

    def run(self, suite: SuiteSpec, source: Source) -> RunEvidence:
        """Run every expectation of `suite` on `source`.

        A source that cannot be read gives `failure`; an expectation that cannot be evaluated gives a result `error`.
        """
        ...
