"""What e-mails, phone numbers, web addresses and names are compared by: columns that the database keeps itself.

The database computes them, so that no writer can forget them, bulk writes least of all. Each has an index over rows
that are not in the trash and have a key. The functions at the end compute the same for what somebody types.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from django.db.models import Case, F, Func, GeneratedField, Index, Q, TextField, Value, When
from django.db.models.functions import Lower, Replace, Right, StrIndex, Substr, Trim

TAIL = 8  # digits; what comes before is a prefix that people write in many ways, or leave out
_BETWEEN_DIGITS = ("(0)", " ", "-", "(", ")", "/", ".", "+", "\u00a0")
# Few, because SQLite refuses to read an expression that is nested more than some thirty times. The capital letters
# stand there because SQLite and PostgreSQL's C locale know small letters of ASCII only.
_LETTERS = {"ä": "ae", "Ä": "ae", "ö": "oe", "Ö": "oe", "ü": "ue", "Ü": "ue", "ß": "ss", "é": "e", "è": "e"}
_BETWEEN_WORDS = {".": "", ",": " ", "-": " "}
_LEGAL_FORMS = ("&", "gmbh", "ag", "co", "kg", "ltd", "inc", "llc")
_SCHEMES = ("https://", "http://", "www.")


def by_email() -> Any:
    """The e-mail address in small letters."""
    return _kept(_small("email"))


def by_phone(name: str = "phone") -> Any:
    """The last eight digits of a number, whatever stands between them."""
    return _kept(Right(_without(F(name), _BETWEEN_DIGITS), TAIL, output_field=TextField()))


def by_site() -> Any:
    """The domain of the website, else of the e-mail address."""
    site = _without(_small("website"), _SCHEMES)
    ended = _joined(site, Value("/"))
    domain = Substr(site, 1, StrIndex(ended, Value("/")) - 1, output_field=TextField())
    email = _small("email")
    of_email = Substr(email, StrIndex(email, Value("@")) + 1, output_field=TextField())
    return _kept(
        Case(
            When(~Q(website=""), then=domain),
            When(email__contains="@", then=of_email),
            default=Value(""),
            output_field=TextField(),
        )
    )


def by_name(*names: str) -> Any:
    """A name without case, accents, points, blanks and legal forms, so that “Müller GmbH” is “MUELLER”."""
    parts: list[Any] = [Value(" ")]
    for name in names:
        parts += [F(name), Value(" ")]
    text: Any = Lower(_joined(*parts), output_field=TextField())
    for letter, plain in _LETTERS.items():
        text = _replaced(text, letter, plain)
    for mark, put in _BETWEEN_WORDS.items():
        text = _replaced(text, mark, put)
    for form in _LEGAL_FORMS:
        text = _replaced(text, f" {form} ", " ")
    return _kept(_replaced(text, " ", ""))


def key_index(field: str, name: str) -> Index:
    """The index by which rows of one key are found and groups of them walked; rows in the trash are left out."""
    return Index(fields=(field, "id"), condition=Q(archived_at__isnull=True) & Q(**{f"{field}__gt": ""}), name=name)


def key_of_email(text: str) -> str:
    """The key of an address that somebody typed."""
    return text.strip().lower()


def key_of_phone(text: str) -> str:
    """The key of a number that somebody typed."""
    return reduce(lambda held, mark: held.replace(mark, ""), _BETWEEN_DIGITS, text)[-TAIL:]


def key_of_site(website: str, email: str = "") -> str:
    """The key of a website, else of an e-mail address."""
    if website:
        return reduce(lambda held, one: held.replace(one, ""), _SCHEMES, website.strip().lower()).split("/")[0]
    return email.strip().lower().partition("@")[2]


def key_of_name(*names: str) -> str:
    """The key of a name that somebody typed."""
    text = " ".join(("", *names, "")).lower()
    for letter, plain in _LETTERS.items():
        text = text.replace(letter, plain)
    for mark, put in _BETWEEN_WORDS.items():
        text = text.replace(mark, put)
    for form in _LEGAL_FORMS:
        text = text.replace(f" {form} ", " ")
    return text.replace(" ", "")


def _kept(expression: Any) -> Any:
    return GeneratedField(expression=expression, output_field=TextField(), db_persist=True, editable=False)


def _replaced(text: Any, old: str, new: str) -> Func:
    return Replace(text, Value(old), Value(new), output_field=TextField())


def _small(name: str) -> Func:
    return Lower(Trim(name, output_field=TextField()), output_field=TextField())


def _joined(*parts: Any) -> Func:
    """Texts that are never null, one behind the other; flat, unlike Concat."""
    return Func(*parts, template="(%(expressions)s)", arg_joiner=" || ", output_field=TextField())


def _without(text: Any, marks: tuple[str, ...]) -> Any:
    return reduce(lambda held, mark: _replaced(held, mark, ""), marks, text)
