"""Facts: what is in the repository. Text, files, symbols, edges, words; and the one module that starts programs."""
