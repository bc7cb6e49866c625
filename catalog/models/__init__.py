"""The tables of claims."""

from catalog.models.consumer import Agreement, Consumer
from catalog.models.notification import Delivery, Notification
from catalog.models.person import Person
from catalog.models.policy import AccessPolicy, PolicyStatus, Purpose
from catalog.models.port import Contract, Field, OutputPort
from catalog.models.product import DataProduct, Domain, InputPort

__all__ = [
    "AccessPolicy",
    "Agreement",
    "Consumer",
    "Contract",
    "DataProduct",
    "Delivery",
    "Domain",
    "Field",
    "InputPort",
    "Notification",
    "OutputPort",
    "Person",
    "PolicyStatus",
    "Purpose",
]
