"""Where Bridle remembers: one private folder for each root, outside the repository.

It makes the folders and names what is in them; it reads nothing back.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from bridle.harness.session.storage import make_private, write_whole
from bridle.indexer.digest import digest


def state_home() -> Path:
    """Return the folder that holds the state of all roots: ``$XDG_STATE_HOME/bridle`` on Linux."""
    return platformdirs.user_state_path("bridle", appauthor=False).absolute()


class State:
    """The state folder of one root: ``<state home>/<digest of the resolved root>/``, made 0700.

    Raises:
        UserProblem: the folder cannot be made or written, with the next step.
    """

    def __init__(self, root: Path, home: Path | None = None) -> None:
        self.root = root.resolve()
        """The workspace, links resolved: two spellings of one folder share their state."""
        self.folder = make_private((home or state_home()) / digest(os.fsencode(self.root)))
        self.journals = make_private(self.folder / "journals")
        self.blobs = make_private(self.folder / "blobs")
        self.shadows = make_private(self.folder / "shadows")
        self.reports = make_private(self.folder / "reports")
        self.landings = make_private(self.folder / "landings")
        """Old bytes of files that are being written, for as long as that takes."""
        self.proposals = make_private(self.folder / "proposals")
        self.revisions = make_private(self.folder / "revisions")
        """What each run under way was shown, so that a run that is taken up knows its anchors."""
        self.papers = self.folder / "papers"
        """Plans, contracts, reviews: what people read of a run, by run."""
        self.cli_session = make_private(self.folder / "cli")
        """What `bridle read` showed, for `bridle apply`."""
        self.index = self.folder / "index.sqlite"
        self.vectors = self.folder / "vectors"
        self.past = self.folder / "past"
        self.weights = self.folder / "weights.json"
        """By which context is chosen here, where they were calibrated."""
        self.lock = self.folder / "lock"
        self._name_the_root()

    def _name_the_root(self) -> None:
        name = self.folder / "root"
        said = os.fsencode(self.root) + b"\n"
        if not name.is_file() or name.read_bytes() != said:
            write_whole(name, said)
