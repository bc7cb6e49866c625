"""Members of a category that are probably a slip of another one, or do not belong to it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from catalog.rules.vocabulary import LogicalType
from trust.evidence.rules.profiling.columns import LEAST_SHARE, MOST_SHARE, Column, few
from trust.evidence.rules.profiling.defects import Defect, DefectKind, is_explained
from trust.evidence.rules.profiling.texts import shape, short_shape

_MUCH_MORE, _MORE = 4, 1.3
_FEW = 20
_ALIKE = 1.6
_FAR_RARER = 5
_MOST_OF_ONE_FORM = 30
"""Of more members, such as models of aircraft, some are always spelled in their own way."""


def category_defects(column: Column, others: Sequence[Column]) -> Iterator[Defect]:
    """The wrong members of a category: near-misses of frequent ones, members of another form, and rare ones below a step."""
    if column.type is not LogicalType.STRING or not column.is_category:
        return
    wrong = wrong_members(column.counts, column.rows)
    others = [other for other in others if other.name != column.name]
    rows = [row for row, value in enumerate(column.values) if value in wrong]
    if few(len(rows), column.rows) and not is_explained(rows, column, others):
        message = f"hold one of {len(wrong)} rare values that look like slips or do not belong to the others"
        values = tuple(sorted(wrong))[:5]
        yield Defect(DefectKind.WRONG_CATEGORY, column.name, len(rows), column.rows, message, values, frozenset(rows))
        right = set(column.counts) - wrong
        if all(any(_is_beginning(text, other) for other in right) for text in wrong):
            message = "hold the beginning of a more frequent value: they were probably cut off"
            yield Defect(DefectKind.TRUNCATED_TEXT, column.name, len(rows), column.rows, message, values, frozenset(rows))
        elif all(any(_bare(text) == _bare(other) for other in right) for text in wrong) or _differ_in_form(wrong, right):
            message = "are written in another form than almost all others: other case, blanks or marks"
            yield Defect(DefectKind.MIXED_FORMAT, column.name, len(rows), column.rows, message, values, frozenset(rows))


def wrong_members(counts: Counter[Any], rows: int) -> set[str]:
    """The members that are probably wrong, of texts and how often each stands."""
    frequent = {text: count for text, count in counts.items() if count > MOST_SHARE / 4 * rows}
    rare = {text: count for text, count in counts.items() if count <= MOST_SHARE * rows}
    wrong = {
        text
        for text, count in rare.items()
        for other, number in frequent.items()
        if text != other and _is_slip_of(text, count, other, number, has_few=len(counts) <= _FEW)
    }
    wrong |= {text for text in rare if _has_other_form(text, counts)}
    left = {text: count for text, count in rare.items() if text not in wrong}
    right = {text: count for text, count in counts.items() if text not in wrong}
    return wrong | _of_another_form(left, right) | _below_a_step(right, rows)


def _is_slip_of(text: str, count: int, other: str, number: int, *, has_few: bool) -> bool:
    """Whether a member is probably a slip of a more frequent one: the shorter it is, the more frequent the other must be."""
    is_code = any(letter.isdigit() for letter in text)
    if is_code and not has_few and _bare(text) != _bare(other):
        return False  # of many codes with digits some lie one letter apart
    ratio = _MORE if len(text) > 3 or _has_ends_of(text, other) else _MUCH_MORE
    return (ratio * count <= number and is_near_miss(text, other)) or (
        _MUCH_MORE * count <= number and _is_beginning(text, other)
    )


def is_near_miss(text: str, other: str) -> bool:
    """Whether one text is the other but for case, blanks and marks, or a slip of the keyboard."""
    if _bare(text) == _bare(other):
        return True
    if (
        min(len(text), len(other)) < 3
        or max(len(text), len(other)) < 4
        or re.sub(r"[^0-9]", "", text) != re.sub(r"[^0-9]", "", other)
    ):
        return False
    most = 1 if min(len(text), len(other)) < 8 else 2
    return _distance(_bare(text), _bare(other), most) <= most


def _differ_in_form(wrong: set[str], right: set[str]) -> bool:
    """Whether several members have a shape that none of the others has."""
    shapes = {short_shape(text) for text in right}
    return len(wrong) > 1 and not any(short_shape(text) in shapes for text in wrong)


def _has_other_form(text: str, counts: Counter[Any]) -> bool:
    """Whether another member is the same but for case, blanks and marks, and is written as the other members are."""
    for other in counts:
        if other == text or _bare(other) != _bare(text):
            continue
        mine, theirs = (
            sum(n for one, n in counts.items() if one not in {text, other} and short_shape(one) == short_shape(form))
            for form in (text, other)
        )
        if text != text.strip() or mine < theirs or (mine == theirs and counts[text] < counts[other]):
            return True
    return False


def _is_beginning(text: str, other: str) -> bool:
    return len(text) >= 2 and other.startswith(text) and other != text and not other[len(text)].isdigit()


def _has_ends_of(text: str, other: str) -> bool:
    return text[:1] == other[:1] and text[-1:] == other[-1:]


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _distance(one: str, other: str, most: int) -> int:
    """How many letters to add, remove, replace or swap with the next; no further than `most` + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    line = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, line = before, line, [i]
        for j, theirs in enumerate(other, 1):
            cost = min(before[j] + 1, line[j - 1] + 1, before[j - 1] + (letter != theirs))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == theirs:
                cost = min(cost, older[j - 2] + 1)
            line.append(cost)
    return line[-1]


def _of_another_form(rare: dict[str, int], counts: dict[str, int]) -> set[str]:
    """Rare members that are made of other letters than all frequent ones: of another case, with digits or marks, longer."""
    usual = [text for text in counts if counts[text] > MOST_SHARE * sum(counts.values())]
    if len(usual) < 2:
        usual = [text for text, _ in Counter(counts).most_common(2)]
    made_of = set("".join(short_shape(text) for text in usual))
    widths = {len(text) for text in usual}
    members = sum(count > 0.002 * sum(counts.values()) for count in counts.values())
    made_alike = {short_shape(text) for text in usual} if len(usual) > 1 else set()
    parts = made_alike.pop() if len(made_alike) == 1 else ""
    is_parted = "9" in parts and sum(not sign.isalnum() for sign in parts) > 1  # such as 1.2.3
    has_one_width = len(widths) == 1 and len(counts) > 3 and all(text.isupper() or text.isdigit() for text in usual)
    strange = set()
    signs = Counter(sign for text in rare if text not in usual for sign in set(short_shape(text)) - made_of)
    honest = {"A", "a", " "} | {sign for sign in "-&/'" if signs[sign] < 2}  # as in R&D beside HR
    for text in rare:
        if text in usual or len(text) < 3 or members > _MOST_OF_ONE_FORM:
            continue
        form = short_shape(text)
        other_signs = set(form) - made_of - honest
        other_case = len(text) > 3 and ((text.isupper() and "A" not in made_of) or (text.islower() and "a" not in made_of))
        other_start = len({short_shape(one)[0] for one in usual}) == 1 and form[:1] != short_shape(usual[0])[0]
        if (
            (is_parted and form != parts)
            or other_signs
            or other_case
            or (has_one_width and (text == text.upper() or widths == {2}) and len(text) not in widths)
            or (other_start and shape(text)[:1] in "aA9")
        ):
            strange.add(text)
    return strange


def _below_a_step(counts: dict[str, int], rows: int) -> set[str]:
    """Members far rarer than all others, where those are about equally frequent, or where the rare ones stand once or twice."""
    ordered = sorted(counts.items(), key=lambda one: -one[1])
    for place in range(3, len(ordered)):
        last, following = ordered[place - 1][1], ordered[place][1]
        beyond = sum(count for _, count in ordered[place:])
        if last < _FAR_RARER * following or not LEAST_SHARE * rows <= beyond <= MOST_SHARE * rows:
            continue
        is_level = place >= 4 and ordered[0][1] <= _ALIKE * last and last >= 0.02 * rows and len(ordered) - place <= 2
        are_strays = following <= 2 or (following <= 0.005 * rows and last >= 2 * _FAR_RARER * following)
        stand_alone = are_strays and len(ordered) - place >= 3 and last >= 0.02 * rows
        if is_level or stand_alone:
            return {text for text, _ in ordered[place:]}
    return set()
