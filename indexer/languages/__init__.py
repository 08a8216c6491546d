"""One module a language: from bytes to facts."""
