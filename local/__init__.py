"""The local stack: everything of `make run`, on one machine. Nothing of this is packaged."""
