"""What a change may open: secrets, doors to the outside, new dependencies. Read, never contacted."""
