"""What is on offer: patches, badges, where they land."""
