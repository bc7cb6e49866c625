"""The tables of claims."""

from catalog.models.person import Person
from catalog.models.policy import AccessPolicy, PolicyStatus, Purpose
from catalog.models.port import Contract, Field, OutputPort
from catalog.models.product import DataProduct, Domain, InputPort

__all__ = [
    "AccessPolicy",
    "Contract",
    "DataProduct",
    "Domain",
    "Field",
    "InputPort",
    "OutputPort",
    "Person",
    "PolicyStatus",
    "Purpose",
]
