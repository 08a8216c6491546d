"""The door for agents of other programs: the Model Context Protocol, on the engine that the editors have."""
