"""The command `samples`: one command per file, no logic of its own."""
