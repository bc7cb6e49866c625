"""Cedar: the schema that policies are written against, the reading of policies, and the ruling itself.

`rule` answers one question; `rule_again` answers a logged one again. Both are pure functions of what they are given.
"""

from catalog.cedar.engine import CLEARANCE_RULE
from catalog.cedar.reading import InvalidCedarError, ReadPolicy, demand_free_annotations, demand_valid, read_policy
from catalog.cedar.ruling import explain_again, name_of, rule, rule_again
from catalog.cedar.schema import SCHEMA

__all__ = [
    "CLEARANCE_RULE",
    "SCHEMA",
    "InvalidCedarError",
    "ReadPolicy",
    "demand_free_annotations",
    "demand_valid",
    "explain_again",
    "name_of",
    "read_policy",
    "rule",
    "rule_again",
]
