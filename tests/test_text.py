"""Text for people: harmless, short, and no wider than asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit.text import cells, clean, count, number, shorten, wrap

ANY = st.text(max_size=80)


@given(ANY)
def test_cleaned_text_is_printable_and_encodable(text: str) -> None:
    for ascii_only in (False, True):
        out = clean(text, ascii_only=ascii_only)
        assert out.isprintable()
        out.encode("utf-8")
        assert not ascii_only or out.isascii()


@given(st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=80))
def test_harmless_text_stays(text: str) -> None:
    assert clean(text) == text


@given(ANY.map(clean), st.integers(4, 40))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert lines
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(ANY.map(clean), st.integers(4, 40))
def test_shortened_text_fits(text: str, width: int) -> None:
    short = shorten(text, width)
    assert cells(short) <= width
    assert short == text or "…" in short


def test_wide_letters_are_never_cut_in_half() -> None:
    assert wrap("損失損失損失", 5) == ["損失", "損失", "損失"]
    assert shorten("損失損失損失", 7) == "損失…失"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"), (1e-3, "1e-3"), (0.00999, "9.99e-3"), (0.01, "0.01"), (999.96, "1,000"), (1000, "1,000"),
        (999_999, "999,999"), (1e6, "1e6"), (1.23456e-8, "1.235e-8"), (-0.5, "-0.5"), (-0.0, "0"),
        (5e-324, "4.941e-324"), (1.7976931348623157e308, "1.798e308"), (float("inf"), "inf"),
    ],
)  # fmt: skip
def test_number(value: float, text: str) -> None:
    assert number(value) == text


def test_count() -> None:
    assert count(0, "run") == "0 runs"
    assert count(1, "crash", "crashes") == "1 crash"
    assert count(1234567) == "1,234,567"
