"""The editor's settings: what the door itself needs of them, and the whole as it goes to the engine.

They come as `initializationOptions` (as they are, or under "settings") or as section "bridle". What cannot be read
counts as not set. Names with dots are read as folders: ``diagnostics.lint``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Show = Literal["auto", "on", "off"]
ShowAccepted = Literal["hint", "off"]
Navigation = Literal["off", "fallback", "on"]

_EMPTY: Mapping[str, object] = {}


class ClientSettings(msgspec.Struct, frozen=True):
    """Which findings are shown beside those of other tools, where shown changes are written, whether
    tests have lenses and hovers say anything, where the way around the code is told (None: as the person's own file
    says), and all as sent.
    """

    lint: Show = "auto"
    types: Show = "auto"
    accepted: ShowAccepted = "hint"
    shown_folder: str = ""
    test_lens: bool = False
    hover: bool = True
    navigation: Navigation | None = None
    sent: Mapping[str, object] = _EMPTY


def read_settings(sent: object) -> ClientSettings:
    """Return the settings in what a client sent, whatever it is."""
    found = _nested(_mapping(sent))
    for wrapper in ("settings", "bridle"):
        if wrapper in found:
            found = _nested(_mapping(found[wrapper]))
    diagnostics = _mapping(found.get("diagnostics"))
    folder = found.get("shownFolder")
    return ClientSettings(
        lint=_show(diagnostics.get("lint")),
        types=_show(diagnostics.get("types")),
        accepted="off" if diagnostics.get("accepted") == "off" else "hint",
        shown_folder=folder if isinstance(folder, str) else "",
        test_lens=_mapping(found.get("lens")).get("tests") is True,
        hover=found.get("hover") is not False,
        navigation=_navigation(found.get("navigation")),
        sent=found,
    )


def completed(settings: ClientSettings, lint: Show, types: Show, navigation: Navigation) -> ClientSettings:
    """Return the settings, with what the person's own file says where the editor leaves the choice."""
    return msgspec.structs.replace(
        settings,
        lint=lint if settings.lint == "auto" else settings.lint,
        types=types if settings.types == "auto" else settings.types,
        navigation=settings.navigation or navigation,
    )


def _nested(flat: Mapping[str, object]) -> dict[str, object]:
    nested: dict[str, object] = {}
    for name, value in flat.items():
        folder, dot, rest = name.partition(".")
        if dot:
            nested[folder] = {**_mapping(nested.get(folder)), **_nested({rest: value})}
        else:
            nested[name] = value
    return nested


def _mapping(value: object) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # as it was sent
    fields = getattr(value, "_asdict", None)
    return fields() if fields is not None else {}


def _navigation(value: object) -> Navigation | None:
    return value if value in ("off", "fallback", "on") else None


def _show(value: object) -> Show:
    return value if value in ("auto", "on", "off") else "auto"
