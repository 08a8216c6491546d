"""One module an ecosystem: which checks a package has, read off its manifest. Nothing is started here."""
