"""Imported before anything of Great Expectations: it would call home, tell hundreds of lines about itself, and load packages
that suites seldom need.
"""

import gc
import importlib
import logging
import os
import sys
from types import ModuleType
from typing import Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"
logging.getLogger("great_expectations").setLevel(logging.WARNING)

# A third of the import's time. Only expectations about distributions use them, and load them when they are measured.
_SELDOM_NEEDED = ("altair", "scipy.stats")


def _stand_in(name: str) -> ModuleType:
    """A module that loads the one of that name when something of it is first asked for."""
    stand_in = ModuleType(name)

    def load(attribute: str) -> Any:
        if attribute.startswith("__") and attribute != "__path__":  # asked of every module by whatever looks through them
            raise AttributeError(attribute)
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
        return getattr(importlib.import_module(name), attribute)

    stand_in.__getattr__ = load  # type: ignore[method-assign]  # PEP 562
    return stand_in


for _name in _SELDOM_NEEDED:
    sys.modules.setdefault(_name, _stand_in(_name))

gc.disable()  # a fifth of the import's time goes into collections, and its classes stay; the package enables it again
