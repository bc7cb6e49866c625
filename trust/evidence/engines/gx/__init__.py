"""The evidence engine on Great Expectations: the one package that imports it. Import it in workers only: 1.5 s, 200 MB.

Great Expectations checks the arguments and decides; the measuring is ours, in SQL, so that it is fast and means the same
on files and in databases.
"""

import gc

from trust.evidence.engines.gx import quiet  # noqa: F401  # before the others, which import Great Expectations
from trust.evidence.engines.gx.engine import GxEngine
from trust.evidence.engines.gx.limits import EngineLimits
from trust.evidence.engines.gx.run_folders import remove_leftovers
from trust.evidence.engines.gx.sources import Access

gc.freeze()  # before the first collection looks at half a million objects
gc.enable()

__all__ = ["Access", "EngineLimits", "GxEngine", "remove_leftovers"]
