"""What a reader notices on its way through a document: faults, warnings, and rules that cannot be executed."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NotExecutable:
    """A demand of the document that Touchstone keeps and does not check: where it stands, its name, and why not."""

    path: str
    rule: str
    reason: str

    def as_json(self) -> dict[str, str]:
        return {"path": self.path, "rule": self.rule, "reason": self.reason}

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}: {self.reason}"


@dataclass(slots=True)
class Findings:
    """Collected while reading. `faults` make the document unusable; `warnings` and `not_executable` are reported and kept."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    not_executable: list[NotExecutable] = field(default_factory=list)
    unknown_variables: dict[str, list[str]] = field(default_factory=dict)  # path of the text -> names

    def fault(self, path: str, message: str) -> None:
        self.faults.append(f"{path}: {message}")

    def warn(self, path: str, message: str) -> None:
        self.warnings.append(f"{path}: {message}")

    def cannot_execute(self, path: str, rule: str, reason: str) -> None:
        self.not_executable.append(NotExecutable(path, rule, reason))
