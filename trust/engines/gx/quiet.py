"""Imported before anything of Great Expectations: it would call home, and tell hundreds of lines about itself."""

import logging
import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"
logging.getLogger("great_expectations").setLevel(logging.WARNING)
