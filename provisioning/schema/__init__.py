"""The tables of the office's catalogue, in versioned SQL files."""
