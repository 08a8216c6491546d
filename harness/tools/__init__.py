"""The model's tools, every call through one decision."""
