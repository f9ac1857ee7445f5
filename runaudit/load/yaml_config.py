"""YAML configurations as trainers write them, with the tags of Python objects that no safe loader knows."""

from __future__ import annotations

from typing import Any

import yaml

from runaudit.load.config import ConfigError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen at run time
    """Safe YAML, where a tag that is not known is read as the plain value below it."""

    ignored_tags: bool = False


def _plain(loader: _Loader, suffix: str, node: yaml.Node) -> Any:  # noqa: ANN401  any YAML value
    del suffix
    loader.ignored_tags = True
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("", _plain)


def read_yaml(text: str) -> tuple[Any, bool]:
    """Return the content of a YAML text, and whether tags were left out; raises ``ConfigError`` if it is broken."""
    loader = _Loader(text)
    try:
        return loader.get_single_data(), loader.ignored_tags
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"broken YAML{where}") from error
    finally:
        loader.dispose()
