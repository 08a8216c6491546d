"""The parts of a SARIF 2.1.0 log that are read, by the format's own names. Frozen data."""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, frozen=True, rename="camel"):
    """What is said, or the id of it."""

    text: str = ""
    markdown: str = ""
    id: str = ""
    arguments: tuple[str, ...] = ()


class ArtifactLocation(msgspec.Struct, frozen=True, rename="camel"):
    """A file, by its address or by its number among the artifacts."""

    uri: str = ""
    uri_base_id: str = ""
    index: int = -1


class Content(msgspec.Struct, frozen=True):
    """Text that is put in."""

    text: str = ""


class Region(msgspec.Struct, frozen=True, rename="camel"):
    """1-based lines and columns, 0 where none is named."""

    start_line: int = 0
    start_column: int = 0
    end_line: int = 0
    end_column: int = 0


class PhysicalLocation(msgspec.Struct, frozen=True, rename="camel"):
    """A file and a region."""

    artifact_location: ArtifactLocation = ArtifactLocation()
    region: Region = Region()


class Location(msgspec.Struct, frozen=True, rename="camel"):
    """A place, and what is said of it."""

    physical_location: PhysicalLocation = PhysicalLocation()
    message: Message = Message()


class Suppression(msgspec.Struct, frozen=True):
    """Somebody let a result pass."""

    status: str = "accepted"


class ReplacementPart(msgspec.Struct, frozen=True, rename="camel"):
    """One replacement of a fix."""

    deleted_region: Region = Region()
    inserted_content: Content = Content()


class Change(msgspec.Struct, frozen=True, rename="camel"):
    """What a fix does to one file."""

    artifact_location: ArtifactLocation = ArtifactLocation()
    replacements: tuple[ReplacementPart, ...] = ()


class Fix(msgspec.Struct, frozen=True, rename="camel"):
    """One way to mend it."""

    artifact_changes: tuple[Change, ...] = ()


class Result(msgspec.Struct, frozen=True, rename="camel"):
    """One result."""

    message: Message = Message()
    rule_id: str = ""
    rule_index: int = -1
    level: str = ""
    kind: str = "fail"
    locations: tuple[Location, ...] = ()
    related_locations: tuple[Location, ...] = ()
    suppressions: tuple[Suppression, ...] | None = None
    baseline_state: str = ""
    fixes: tuple[Fix, ...] = ()


class Configuration(msgspec.Struct, frozen=True):
    """What a rule is unless it is said otherwise."""

    level: str = "warning"


class Rule(msgspec.Struct, frozen=True, rename="camel"):
    """A rule of the tool."""

    id: str = ""
    help_uri: str = ""
    default_configuration: Configuration = Configuration()
    message_strings: dict[str, Message] = {}


class Driver(msgspec.Struct, frozen=True):
    """The tool itself."""

    name: str
    rules: tuple[Rule, ...] = ()


class Tool(msgspec.Struct, frozen=True):
    """The tool and its parts."""

    driver: Driver


class Notification(msgspec.Struct, frozen=True):
    """What the tool says of its own run."""

    level: str = "warning"
    message: Message = Message()


class Invocation(msgspec.Struct, frozen=True, rename="camel"):
    """How the tool was started and how it ended."""

    execution_successful: bool = True
    tool_execution_notifications: tuple[Notification, ...] = ()
    tool_configuration_notifications: tuple[Notification, ...] = ()


class Artifact(msgspec.Struct, frozen=True, rename="camel"):
    """A file that the run knows of."""

    location: ArtifactLocation = ArtifactLocation()
    roles: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True, rename="camel"):
    """One run of one tool."""

    tool: Tool
    results: tuple[Result, ...] | None = None
    invocations: tuple[Invocation, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    original_uri_base_ids: dict[str, ArtifactLocation] = {}
    column_kind: str = "utf16CodeUnits"


class Log(msgspec.Struct, frozen=True):
    """The whole file."""

    version: str
    runs: tuple[Run, ...]
