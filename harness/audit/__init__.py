"""What was done here, by whom, by which rule and at what cost, read from the journals; and whether they are whole."""
