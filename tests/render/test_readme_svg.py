"""The picture of the README: valid, the same every time, and without a network."""

from __future__ import annotations

from xml.etree import ElementTree

from docs.make_readme_svg import picture
from tests.render import fixtures as fx


def test_picture_is_valid_deterministic_and_local() -> None:
    svg = picture(fx.one_run(), "runaudit check <runs>")
    text = "".join(ElementTree.fromstring(svg).itertext())  # noqa: S314  we wrote it
    assert "error[overfitting]" in text
    assert "runaudit check <runs>" in text.replace("\xa0", " ")
    assert svg == picture(fx.one_run(), "runaudit check <runs>")
    assert "url(http" not in svg
    assert "@font-face" not in svg
