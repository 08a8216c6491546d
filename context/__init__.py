"""What the model should see: facts in, a pack out. Pure."""
