"""One run on its way through the phases of its workflow, a model making the calls inside them."""
