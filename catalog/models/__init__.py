"""The tables of claims."""

from catalog.models.consumer import Agreement, ApiKey, Consumer
from catalog.models.notification import Delivery, Notification
from catalog.models.person import Deputy, Person
from catalog.models.policy import AccessPolicy, PolicyStatus, Purpose
from catalog.models.port import Contract, Field, OutputPort
from catalog.models.product import DataProduct, Domain, DomainGovernor, InputPort
from catalog.models.use_case import Measure, ObligationConfirmation, UseCase, UseCaseProduct

__all__ = [
    "AccessPolicy",
    "Agreement",
    "ApiKey",
    "Consumer",
    "Contract",
    "DataProduct",
    "Delivery",
    "Deputy",
    "Domain",
    "DomainGovernor",
    "Field",
    "InputPort",
    "Measure",
    "Notification",
    "ObligationConfirmation",
    "OutputPort",
    "Person",
    "PolicyStatus",
    "Purpose",
    "UseCase",
    "UseCaseProduct",
]
