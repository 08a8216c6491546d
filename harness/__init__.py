"""What lets a model change code safely: policy, loop, proof, memory."""
