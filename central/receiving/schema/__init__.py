"""The tables of the receiver's catalogue."""
