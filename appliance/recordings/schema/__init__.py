"""The tables of `recordings`, as commented SQL files."""
