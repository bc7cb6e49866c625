"""Consumers: registered by people, cleared and suspended by governance."""

from catalog.models import Consumer, Person
from catalog.rules.vocabulary import ConsumerKind, Sensitivity
from catalog.services.recording import recorded


def consumer_of_person(person: Person) -> Consumer:
    """The consumer that a person is, made where there is none yet: clearance `internal` (our choice), slug the username."""
    found = Consumer.objects.filter(owner=person, kind=ConsumerKind.PERSON).first()
    if found is not None:
        return found
    with recorded("create_consumer", person):
        slug = person.username
        while Consumer.objects.filter(slug=slug).exists():
            slug = f"{slug}.person"
        return Consumer.objects.create(
            slug=slug, name=str(person), kind=ConsumerKind.PERSON, owner=person, clearance=Sensitivity.INTERNAL
        )
