"""The output formats there are, and how one is chosen."""

from __future__ import annotations

import pytest

from runaudit.errors import UsageError
from runaudit.render import Options, Renderer, for_file, renderer, renderers
from tests.render import fixtures as fx


def test_a_module_is_named_like_its_format() -> None:
    for name, found in renderers().items():
        assert isinstance(found, Renderer)
        assert renderer(name) is found
        assert found.suffix.startswith(".")


@pytest.mark.parametrize("report", fx.REPORTS)
@pytest.mark.parametrize("name", renderers())
def test_every_format_takes_every_report_and_is_deterministic(name: str, report: str) -> None:
    first, second = (renderer(name).render(fx.REPORTS[report](), Options()) for _ in range(2))
    assert first == second
    first.encode("utf-8")


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no format 'yaml'; the formats are .*json.*rich"):
        renderer("yaml")


def test_a_shared_piece_is_no_format() -> None:
    with pytest.raises(UsageError):
        renderer("_panel")


def test_a_suffix_chooses_a_format_if_it_is_the_only_one() -> None:
    found = for_file("a.b.JSON")
    assert found is not None
    assert found.name == "json"
    assert for_file("a.doc") is None
    longest = for_file("a.codequality.json")
    assert longest is not None
    assert longest.name == "gitlab"
