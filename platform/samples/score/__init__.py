"""Score: how likely one model finds stored samples of another."""
