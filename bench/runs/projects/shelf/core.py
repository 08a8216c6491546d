"""A shelf with room for so many things; what was used least recently makes room."""

from collections.abc import Callable


class Shelf:
    """Things by name. Taking or putting one counts as use."""

    def __init__(self, room: int) -> None:
        if room < 1:
            raise ValueError("a shelf needs room")
        self.room = room
        self.hits = 0
        self.misses = 0
        self._things: dict[str, object] = {}

    def put(self, name: str, thing: object) -> str | None:
        """Put a thing there; returns the name of what had to make room."""
        self._things.pop(name, None)
        gone = None
        if len(self._things) >= self.room:
            gone = next(iter(self._things))
            del self._things[gone]
        self._things[name] = thing
        return gone

    def take(self, name: str, default: object = None) -> object:
        """Return a thing, which stays there, or the default."""
        if name not in self._things:
            self.misses += 1
            return default
        self.hits += 1
        thing = self._things.pop(name)
        self._things[name] = thing
        return thing

    def names(self) -> list[str]:
        """Return the names, what was used last first."""
        return list(reversed(self._things))

    def drop(self, wanted: Callable[[str], bool]) -> int:
        """Take away all whose name is wanted; returns how many those were."""
        gone = [name for name in self._things if wanted(name)]
        for name in gone:
            del self._things[name]
        return len(gone)

    def rate(self) -> float:
        """Return the share of takes that found something, 0 before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0
