"""The tables of the office's store."""
