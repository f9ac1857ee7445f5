"""Settings as nested mappings -> canonical keys and plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from runaudit.model import ConfigValue
from runaudit.wordbook import config_words, spelling

MOST_KEYS = 5_000
DEPTH = 12
NAMING = frozenset({"name", "type", "_target", "target", "class", "class_path"})


class ConfigError(ValueError):
    """Why a configuration gives nothing, in one sentence."""


@lru_cache(maxsize=4096)
def config_key(key: str) -> tuple[str, int]:
    """Return the canonical key of a flattened, dotted configuration key, and how good the spelling is (0 best).

    A key that is not known is returned as it is, with rank -1.

    >>> config_key("optimizer.params.lr")[0], config_key("num_labels")[0], config_key("my.own")
    ('learning_rate', 'classes', ('my.own', -1))
    """
    keys, known_sections = config_words()
    *sections, leaf = [spelling(part) for part in key.split(".")]
    if leaf in NAMING and sections:
        leaf = sections.pop()
    if leaf in keys and all(s in known_sections for s in sections):
        canonical_key, rank = keys[leaf]
        return canonical_key, rank + 100 * len(sections)
    return key, -1


def flatten(content: object) -> Iterator[tuple[str, ConfigValue]]:
    """Yield dotted keys and plain values. Raises ``ConfigError`` past 5,000 keys (a bomb of YAML aliases).

    >>> list(flatten({"a": {"b": {"value": "1e-3"}}, "names": ["x"], "n": None}))
    [('a.b', 0.001), ('names', ['x']), ('n', None)]
    """
    if content is None:
        return
    if not isinstance(content, Mapping):
        raise ConfigError("it holds no mapping of keys to values")
    budget = MOST_KEYS
    stack: list[tuple[str, object, int]] = [("", content, 0)]
    while stack:
        key, value, depth = stack.pop()
        budget -= 1
        if budget < 0:
            raise ConfigError(f"it holds more than {MOST_KEYS:,} keys")
        value = _unwrap(value)
        if isinstance(value, Mapping) and depth < DEPTH:
            prefix = f"{key}." if key else ""
            stack.extend((f"{prefix}{k}", v, depth + 1) for k, v in reversed(list(value.items())))
        elif key:
            yield key, _plain_value(value)


def _unwrap(value: object) -> object:
    """Return the value inside W&B's ``{desc: .., value: ..}``, else the value itself."""
    if isinstance(value, Mapping) and "value" in value and value.keys() <= {"value", "desc"}:
        return value["value"]
    return value


def _plain_value(value: object) -> ConfigValue:
    if isinstance(value, str):
        return as_number(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [v if v is None or isinstance(v, str | bool | int | float) else type(v).__name__ for v in value[:1000]]
    return type(value).__name__ if isinstance(value, Mapping) else str(value)


def canonical(items: Iterable[tuple[str, ConfigValue]]) -> dict[str, ConfigValue]:
    """Return the values under canonical keys; of several spellings of one key the best wins, the others stay.

    >>> canonical([("lr", 0.1), ("optimizer.lr", 0.2), ("classes", ["cat", "dog"])])
    {'learning_rate': 0.1, 'classes': 2, 'optimizer.lr': 0.2}
    """
    best: dict[str, tuple[int, str, ConfigValue]] = {}
    rest: dict[str, ConfigValue] = {}
    for source, value in items:
        key, rank = config_key(source)
        if rank < 0 or value is None:
            rest.setdefault(source, value)
            continue
        if key in best and best[key][0] <= rank:
            rest.setdefault(source, value)
            continue
        if key in best:
            rest.setdefault(best[key][1], best[key][2])
        best[key] = (rank, source, value)
    known: dict[str, ConfigValue] = {key: _typed(key, value) for key, (_, _, value) in best.items()}
    return known | {key: value for key, value in rest.items() if key not in known}


def _typed(key: str, value: ConfigValue) -> ConfigValue:
    """Return a list of class names as their number, and one hidden size as a list of one."""
    if key in {"classes", "train_samples", "val_samples"} and isinstance(value, list):
        return len(value)
    if key == "hidden_sizes" and isinstance(value, int | float) and not isinstance(value, bool):
        return [value]
    return value


def as_number(text: str) -> str | int | float:
    """Return the number that a text spells, or the text itself; ``nan`` and ``inf`` stay text.

    YAML 1.1 reads ``1e-3`` as text, and many programs write every setting as a string.

    >>> as_number("1e-3"), as_number(" 8 "), as_number("adam"), as_number("nan"), as_number("1_000")
    (0.001, 8, 'adam', 'nan', '1_000')
    """
    plain = text.strip()
    if not plain or plain[-1] not in "0123456789." or "_" in plain or len(plain) > 40:
        return text
    try:
        return int(plain)
    except ValueError:
        pass
    try:
        return float(plain)
    except ValueError:
        return text
