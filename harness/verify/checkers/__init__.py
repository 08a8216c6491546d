"""One module a tool: how it is started, what it reports, and when its report proves something."""
