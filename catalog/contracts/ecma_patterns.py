"""Regular expressions of a contract, which are ECMA-262's, in the words of the engine's own, which are Python's.

The same text can mean two things: in ECMA-262 `\\d`, `\\w` and `\\b` know ASCII alone, `.` stops at each of four line ends,
`\\s` takes the byte order mark, `[^]` is any character, and a group is named `(?<name>...)`. What both read alike stays as it
is written, flags such as `(?i)` included, which authors write although ECMA-262 has none. `$` is the end of the text in both.
"""

import re

_SPACE = r"\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_NO_SPACE = (
    r"\x00-\x08\x0e-\x1f!-\u009f\u00a1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\ufefe"
    r"\uff00-\U0010ffff"
)
_CLASSES = {
    "d": "0-9",
    "D": r"\x00-/:-\U0010ffff",
    "w": "0-9A-Z_a-z",
    "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "s": _SPACE,
    "S": _NO_SPACE,
}
_LONGEST = 10_000
"""Characters: a longer pattern is never run (`trust.evidence.rules.patterns`), so it stays as it is."""
_PLACES = {"b": r"(?a:\b)", "B": r"(?a:\B)"}
_ANY = r"[^\n\r\u2028\u2029]"
_TOKEN = re.compile(
    r"\\u\{(?P<code>[0-9A-Fa-f]{1,6})\}|\\c(?P<control>[A-Za-z])|\\k<(?P<again>\w+)>|\\(?P<escape>.)"
    r"|\(\?<(?P<group>[A-Za-z_]\w*)>|(?P<range>\{,\d+\})|(?P<none>\[\])|(?P<all>\[\^\])|(?P<open>\[\^?)|(?P<close>\])|(?P<dot>\.)",
    re.DOTALL,
)


def python_pattern(pattern: str) -> str:
    """`pattern` as Python writes it, found in the same texts; what ECMA-262 does not know stays as it is."""
    if len(pattern) > _LONGEST:
        return pattern
    is_in_set = False

    def translated(found: re.Match[str]) -> str:
        nonlocal is_in_set
        if is_in_set:
            if found["close"]:
                is_in_set = False
            elif found["open"] or found["none"] or found["all"]:
                is_in_set = not (found["none"] or found["all"])
                return found[0].replace("[", r"\[")
            return _in_set(found)
        if found["open"]:
            is_in_set = True
        return _outside(found)

    return _TOKEN.sub(translated, pattern)


def _in_set(found: re.Match[str]) -> str:
    if found["escape"] in _CLASSES:
        return _CLASSES[found["escape"]]
    return r"\x08" if found["escape"] == "b" else _character(found)


def _outside(found: re.Match[str]) -> str:
    escape = found["escape"]
    if escape in _CLASSES:
        return f"[{_CLASSES[escape]}]"
    if escape in _PLACES:
        return _PLACES[escape]
    if found["group"] or found["again"]:
        return f"(?P<{found['group']}>" if found["group"] else f"(?P={found['again']})"
    if found["range"]:
        return rf"\{{,{found[0][2:-1]}\}}"
    if found["none"] or found["all"]:
        return r"[^\x00-\U0010ffff]" if found["none"] else r"[\x00-\U0010ffff]"
    return _ANY if found["dot"] else _character(found)


def _character(found: re.Match[str]) -> str:
    if found["code"] and int(found["code"], 16) <= 0x10FFFF:
        return f"\\U{int(found['code'], 16):08x}"
    if found["control"]:
        return f"\\x{ord(found['control']) % 32:02x}"
    if found["escape"] == "/":
        return "/"
    return found[0]
