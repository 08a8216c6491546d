"""One run: phases in a fixed order, a model that makes the calls inside them."""
