"""Two writers who each add one half of a circle: only one of them may."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from catalog.models import DataProduct, InputPort
from catalog.rules.claims import InputClaims
from catalog.rules.errors import ConflictError
from catalog.services.ports import put_input_ports
from tests.factories import make_product


@pytest.mark.django_db(transaction=True)
def test_a_circle_cannot_be_closed_by_two_at_once() -> None:
    for slug in ("raw", "report"):
        make_product(slug)
    together = Barrier(2)

    def add(product: str, upstream: str) -> bool:
        try:
            with transaction.atomic():
                row = DataProduct.objects.get(slug=product)
                together.wait(timeout=20)
                put_input_ports(product=row, inputs=[InputClaims(upstream)], actor=None)
        except ConflictError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(add, ["raw", "report"], ["report", "raw"]))

    assert sorted(outcomes) == [False, True]
    assert InputPort.objects.count() == 1
