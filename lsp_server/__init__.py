"""The door to editors: translates the Language Server Protocol, holds no policy."""
