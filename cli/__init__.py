"""The command line: starts a door, or asks the engine directly."""
