"""The articles of the shop, and the tax they carry."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from till.money import Money


class Rate(IntEnum):
    """Tax rates, in percent of the net price."""

    FREE = 0
    REDUCED = 7
    STANDARD = 19


@dataclass(frozen=True)
class Article:
    """Something that can be bought. `price` is net, for one piece."""

    name: str
    price: Money
    rate: Rate = Rate.STANDARD


class Catalogue:
    """All articles, by their code."""

    def __init__(self) -> None:
        self._articles: dict[str, Article] = {}

    def add(self, code: str, article: Article) -> None:
        """Put an article on sale. Raises ValueError if the code is taken."""
        if code in self._articles:
            raise ValueError(f"code {code!r} is taken")
        self._articles[code] = article

    def find(self, code: str) -> Article:
        """Return the article with `code`. Raises LookupError if there is none."""
        try:
            return self._articles[code]
        except KeyError:
            raise LookupError(f"no article has the code {code!r}") from None
