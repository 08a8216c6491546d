"""One decision for every tool, and the trust in a folder."""
