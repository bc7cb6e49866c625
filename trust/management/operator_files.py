"""The files that the operator names at the command line: what this account may read, wherever it lies."""

from pathlib import Path


def operators_file(name: str) -> tuple[str, tuple[str, ...]]:
    """The path of a file and the folder that it may be read in besides the data roots; a name that leads nowhere from here is
    left as it is, for the data roots."""
    path = Path(name).absolute()
    if not path.exists():
        return name, ()
    folder = str(path.parent.resolve())
    return str(Path(folder) / path.name), (folder,)
