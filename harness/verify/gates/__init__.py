"""Gates: rules that a patch must keep for its proof to mean anything."""
