"""What depends on what: names with the names that each one needs."""

Needs = dict[str, list[str]]


def everything(needs: Needs) -> list[str]:
    """Return all names, also those that are only needed, by the alphabet."""
    names = set(needs)
    for wanted in needs.values():
        names.update(wanted)
    return sorted(names)


def reached(needs: Needs, start: str) -> set[str]:
    """Return all that a name needs, however far away, and not itself unless it needs itself."""
    found: set[str] = set()
    waiting = list(needs.get(start, []))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs.get(name, []))
    return found


def in_order(needs: Needs) -> list[str]:
    """Return all names, each after what it needs, else by the alphabet. Raises ValueError where they go in a circle."""
    left = everything(needs)
    done: list[str] = []
    while left:
        ready = [name for name in left if all(one in done for one in needs.get(name, []))]
        if not ready:
            raise ValueError(f"a circle: {', '.join(left)}")
        done.append(ready[0])
        left.remove(ready[0])
    return done


def users(needs: Needs, name: str) -> list[str]:
    """Return who needs a name directly, by the alphabet."""
    return sorted(one for one, wanted in needs.items() if name in wanted)


def depth(needs: Needs, name: str) -> int:
    """Return how many steps the longest way down from a name has; there must be no circle."""
    below = needs.get(name, [])
    if not below:
        return 0
    return 1 + max(depth(needs, one) for one in below)
