"""The import graph between packages, as it is drawn in docs/architecture.md."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("runtime", "config", "api", "trust", "catalog")
SUBJECTS = frozenset(path.name for path in (ROOT / "trust").iterdir() if (path / "__init__.py").exists()) - {
    "admin",
    "management",
    "migrations",
    "models",
    "templatetags",
}


def node_of(module: str) -> str:
    """The box of the drawing that a module belongs to: a package, or a subject of trust."""
    package, *rest = module.split(".")
    return f"trust.{rest[0]}" if package == "trust" and rest and rest[0] in SUBJECTS else package


def modules(packages: Iterable[str] = PACKAGES) -> Iterator[tuple[str, Path]]:
    """Name and file of each module of these packages, migrations left out."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def imports_of(path: Path) -> Iterator[str]:
    """Full names of what a file imports from our packages."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in PACKAGES)


def package_graph() -> Mapping[str, frozenset[str]]:
    """Which box imports which. `trust` stands for its entry points and its ground, so it is left out as a target."""
    graph: dict[str, set[str]] = {}
    for module, path in modules():
        source = node_of(module)
        targets = {node_of(name) for name in imports_of(path) if name != "config.environment" and ".environment." not in name}
        graph.setdefault(source, set()).update(targets - {source, "trust"})
    return {source: frozenset(targets) for source, targets in graph.items()}


def reduced(graph: Mapping[str, frozenset[str]]) -> frozenset[tuple[str, str]]:
    """The arrows that no other way already implies."""

    def reachable(source: str) -> frozenset[str]:
        found, waiting = set(), list(graph.get(source, ()))
        while waiting:
            target = waiting.pop()
            if target not in found:
                found.add(target)
                waiting += graph.get(target, ())
        return frozenset(found)

    return frozenset(
        (source, target)
        for source, targets in graph.items()
        for target in targets
        if not any(target in reachable(other) for other in targets - {target})
    )
