"""HTML of notes: from text, cleaned, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.html import from_text, sanitise, to_text


@pytest.mark.parametrize(
    ("markup", "clean"),
    [
        ("<script>alert(1)</script>ok", "ok"),
        ('<img src=x onerror="x()">ok', "ok"),
        (
            '<a href="https://example.com" onclick="x()">l</a>',
            '<a href="https://example.com" rel="noopener noreferrer">l</a>',
        ),
        ('<a href="data:text/html,x">l</a>', '<a rel="noopener noreferrer">l</a>'),
        ("mail <a@b.c> now", "mail &lt;a@b.c&gt; now"),
        ("<p style='position:fixed'>x</p>", "<p>x</p>"),
        ('<a href="mailto:a@b.c">a</a>', '<a href="mailto:a@b.c" rel="noopener noreferrer">a</a>'),
    ],
)
def test_sanitise(markup: str, clean: str) -> None:
    assert sanitise(markup) == clean


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("one", "<p>one</p>"),
        ("one\r\ntwo", "<p>one<br>two</p>"),
        ("one\n \n\ntwo\n", "<p>one</p><p>two</p>"),
        ('<a@b.c> & "q"', '<p>&lt;a@b.c&gt; &amp; "q"</p>'),
        ("", ""),
    ],
)
def test_from_text(text: str, markup: str) -> None:
    assert from_text(text) == markup


def test_to_text_parts_blocks() -> None:
    assert to_text("<p>one</p><p>two<br>three</p><ul><li>four</li></ul>") == "one two three four"


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp"))))
def test_text_comes_back_whatever_it_holds(text: str) -> None:
    assert to_text(from_text(text)) == " ".join(text.split())


@given(st.text(alphabet="<>a@b.c/&;\"' =scriptonx"))
def test_what_was_cleaned_stays_as_it_is(text: str) -> None:
    assert sanitise(sanitise(text)) == sanitise(text)
