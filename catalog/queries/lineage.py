"""Reads that follow several products at once."""

from catalog.models import DataProduct, InputPort


def path_upstream(start: DataProduct, target: DataProduct) -> list[str]:
    """Slugs from `start` along its inputs, and theirs, to `target`, both included; empty where no path leads there.

    One of the shortest. One query for each step away from `start`.
    """
    paths = {start.pk: [start.slug]}
    frontier = [start.pk]
    while frontier and target.pk not in paths:
        edges = InputPort.objects.filter(product__in=frontier).values_list("product_id", "upstream_id", "upstream__slug")
        following = {above: [*paths[below], slug] for below, above, slug in edges if above not in paths}
        paths.update(following)
        frontier = list(following)
    return paths.get(target.pk, [])
