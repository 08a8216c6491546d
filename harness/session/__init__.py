"""What is remembered: journal, stored content, locks, one private folder a root."""
