"""The tables of the courier's ledger."""
