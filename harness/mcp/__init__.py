"""Tools of other programs, by the Model Context Protocol: offered to the model, never trusted."""
