"""Texts written in another form than almost all others, texts that were cut off, and one text in far too many rows.

The shape of a text keeps what it is made of: capitals become A, small letters a, digits 9; its short form writes a run once.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from trust.evidence.rules.profiling.columns import MOST_SHARE, Column, few
from trust.evidence.rules.profiling.defects import Defect, DefectKind, is_explained

FORMATS = {
    "uuid": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "email": r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "url": r"https?://[^ ]+\.[^ ]+",
    "ipv4": r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}",
    "iban": r"[A-Z]{2}[0-9]{2}[A-Z0-9 ]{11,38}",
    "hex": r"[0-9a-f]{12,}|[0-9A-F]{12,}",
    "phone": r"\+[0-9][0-9 ()/.-]{5,20}",
}
"""Forms with a name, as regular expressions of linear time, for the whole of a text."""
_SURE = 0.86
"""Of the values that are there, which may be few."""
_RUNS = re.compile(r"(A)A+|(a)a+|(9)9+")
_WORD = re.compile(r"[^\W_]+")
_MOST_SHAPES = 3
_MOST_CHARACTERS = 20_000_000
"""Of longer documents the form is not read: it would take minutes."""
_MOST_SHAPES_OF_WORDS = 2


def shape(text: str) -> str:
    return "".join(
        "9" if letter.isdigit() else "A" if letter.isupper() else "a" if letter.isalpha() else letter for letter in text
    )


def short_shape(text: str) -> str:
    return _RUNS.sub(lambda run: run[0][0], shape(text))


def format_of(column: Column) -> str:
    """The name of the form that almost all texts have; empty where none is known."""
    total = column.present
    for name, pattern in FORMATS.items():
        form = re.compile(pattern)
        if total and sum(n for text, n in column.counts.items() if form.fullmatch(text)) >= _SURE * total:
            return name
    return ""


def text_defects(column: Column, others: Sequence[Column]) -> Iterator[Defect]:
    """What is wrong with the form of a column's texts: at most one defect of each kind."""
    if sum(map(len, column.counts)) > _MOST_CHARACTERS:
        return
    cut = _cut_off(column)
    strange = _of_another_form(column)
    if cut and not is_explained(cut, column, others):
        yield _defect(DefectKind.TRUNCATED_TEXT, column, cut, "end in the middle: they were probably cut off")
        strange = [row for row in strange if row not in set(cut)]
    if few(len(strange), column.rows) and not is_explained(strange, column, others):
        if _are_cut(column, strange):
            yield _defect(DefectKind.TRUNCATED_TEXT, column, strange, "are shorter than all others and begin like them")
        message = "are written in another form than almost all others"
        yield _defect(DefectKind.MIXED_FORMAT, column, strange, message)
    if repeated := _far_too_frequent(column):
        rows = [row for row, value in enumerate(column.values) if value == repeated]
        message = "hold one and the same text, in a column whose other texts hardly repeat"
        yield _defect(DefectKind.SENTINEL, column, rows, message)


def stranger_defect(column: Column, others: Sequence[Column]) -> Defect | None:
    """Texts in a column of numbers, dates or booleans that spell none."""
    rows = list(column.strangers)
    if not few(len(rows), column.rows) or is_explained(rows, column, others):
        return None
    assert column.type is not None  # noqa: S101  # strangers are strangers to a type
    values = tuple(dict.fromkeys(column.strangers.values()))[:5]
    message = f"are no {column.type.value}s in the form of all others"
    return Defect(DefectKind.MIXED_FORMAT, column.name, len(rows), column.rows, message, values)


def _defect(kind: DefectKind, column: Column, rows: Sequence[int], message: str) -> Defect:
    values = tuple(dict.fromkeys(str(column.values[row]) for row in rows))[:5]
    return Defect(kind, column.name, len(rows), column.rows, message, values, frozenset(rows))


def _rows_of(column: Column, texts: set[str]) -> list[int]:
    return [row for row, value in enumerate(column.values) if value in texts]


def _of_another_form(column: Column) -> list[int]:
    if known := format_of(column):
        pattern = re.compile(FORMATS[known])
        return _rows_of(column, {text for text in column.counts if not pattern.fullmatch(text)}) or _other_letters(column)
    exact, short = Counter[str](), Counter[str]()
    for text, count in column.counts.items():
        exact[shape(text)] += count
        short[short_shape(text)] += count
    total = column.present
    if column.is_category or not total:
        return []
    form, most_alike = exact.most_common(1)[0]
    if most_alike >= _SURE * total and _is_code(form):
        has_fixed_width = any(text[:1] == "0" or re.search(r"[^0-9]0[0-9]", text) for text in column.counts)
        strange = {text for text in column.counts if shape(text) != form}
        if not has_fixed_width:  # the numbers of a sequence grow
            strange = {text for text in strange if short_shape(text) != short_shape(form)}
        return _rows_of(column, strange)
    usual: set[str] = set()
    most = _MOST_SHAPES if _is_code(short.most_common(1)[0][0]) else _MOST_SHAPES_OF_WORDS
    for form, count in short.most_common(most):
        if count > 0.14 * total:
            usual.add(form)
    if sum(short[form] for form in usual) < _SURE * total:
        return _other_letters(column)
    strange = {text for text in column.counts if short_shape(text) not in usual}
    if not all(map(_is_code, usual)):
        strange = {text for text in strange if _differs_in_kind(text, usual)}
    return _rows_of(column, strange)


def _is_code(form: str) -> bool:
    """Whether a shape is one of codes rather than of words: digits or capitals, no small letters in several words."""
    return ("9" in form or form.isupper() or "_" in form) and not re.search(r"a .*a", form)


def _differs_in_kind(text: str, usual: set[str]) -> bool:
    """Whether names or words differ by more than a further word, a hyphen or an apostrophe."""
    known = set("".join(usual)) | set(" -'.\u2019")
    form = short_shape(text)
    return bool(set(form) - known) or (len(text) > 3 and (text.isupper() or text.islower()) and form not in usual)


def _other_letters(column: Column) -> list[int]:
    """Rows in capitals only, or in small letters only, where almost all others mix them."""
    cases = Counter[str]()
    for text, count in column.counts.items():
        cases[_case(text)] += count
    usual, count = cases.most_common(1)[0]
    if count < _SURE * column.present or usual == "":
        return []
    return _rows_of(column, {text for text in column.counts if _case(text) not in {usual, ""}})


def _case(text: str) -> str:
    letters = sum(letter.isalpha() for letter in text)
    if letters < 4:
        return ""
    return "upper" if text.isupper() else "lower" if text.islower() else "mixed"


def _are_cut(column: Column, rows: Sequence[int]) -> bool:
    """Whether all of these texts could be beginnings of the others: shorter than almost any, and shaped like their start."""
    usual = [text for text in column.counts if text is not None]
    strange = {str(column.values[row]) for row in rows}
    lengths = sorted(len(text) for text in usual if text not in strange)
    if not lengths or max(map(len, strange)) >= lengths[len(lengths) // 20]:
        return False
    whole = Counter(shape(text) for text in usual if text not in strange).most_common(50)
    starts = [form for form, _ in whole]
    known = format_of(column)
    if known == "uuid":
        return all(re.fullmatch(r"[0-9a-fA-F-]+", text) for text in strange)
    if known in {"email", "url", "iban"}:
        return True
    fitting = sum(any(form.startswith(shape(text)) for form in starts) for text in strange)
    return fitting >= 0.9 * len(strange)


def _cut_off(column: Column) -> list[int]:
    """Rows whose text ends in the middle; empty where too few or too many do."""
    if column.present < 20 or not any(letter.isalpha() for text in list(column.counts)[:50] for letter in text):
        return []
    rows = _pile_at_the_end(column)
    texts = _ending_in_half_a_word(column)
    cut = set(rows) | set(_rows_of(column, texts))
    if len(column.counts) > 20 and not texts:
        ends = sum(n for text, n in column.counts.items() if text.rstrip()[-1:] in {".", "!", "?"})
        if ends >= _SURE * column.present:
            cut |= set(_rows_of(column, {text for text in column.counts if text.rstrip()[-1:] not in {".", "!", "?"}}))
    return sorted(cut) if few(len(cut), column.rows) else []


def _pile_at_the_end(column: Column) -> list[int]:
    """Rows of the greatest length, where far more have it than have the lengths just below."""
    lengths = Counter[int]()
    for text, count in column.counts.items():
        lengths[len(text)] += count
    longest = max(lengths)
    varied = len(lengths) >= 12 and longest >= 10
    below = sum(lengths[longest - step] for step in range(1, 6)) / 5
    distinct = sum(len(text) == longest for text in column.counts)
    if not varied or distinct < 3 or lengths[longest] < 4 * below + 4 or not few(lengths[longest], column.rows):
        return []
    return [row for row, value in enumerate(column.values) if value is not None and len(value) == longest]


def _ending_in_half_a_word(column: Column) -> set[str]:
    """Texts whose last word is a beginning of a much more frequent one and stands nowhere but at the end."""
    inside, final = Counter[str](), Counter[str]()
    last: dict[str, str] = {}
    for text, count in column.counts.items():
        words = _WORD.findall(text)
        for word in words[:-1]:
            inside[word] += count
        if words:
            final[words[-1]] += count
            if text.endswith(words[-1]):
                last[text] = words[-1]
    total = inside + final
    least = max(5, 0.002 * column.present)
    beginnings: dict[str, int] = {}
    for word, count in total.items():
        if count >= least and word.isalpha():
            for end in range(1, len(word)):
                beginnings[word[:end]] = max(beginnings.get(word[:end], 0), count)
    cut = {
        text
        for text, word in last.items()
        if word.isalpha() and 4 * final[word] <= beginnings.get(word, 0) and 10 * inside[word] <= final[word]
    }
    usual = median(map(len, column.counts))
    trailing = {text for text in column.counts if text != text.rstrip() and len(text) < usual}
    if sum(column.counts[text] for text in trailing) <= MOST_SHARE * column.rows:
        cut |= trailing
    return cut if len({last.get(text, text) for text in cut}) >= 3 else set()


def _far_too_frequent(column: Column) -> str:
    """A text that stands in a small part of the rows, where hardly another one stands twice; empty for none."""
    top = column.counts.most_common(3)
    if len(top) < 3 or len(column.counts) < 0.5 * column.present:
        return ""
    (text, count), (_, second), _ = top
    return str(text) if few(count, column.rows) and count >= max(5, 10 * second) else ""
