"""The domain: candidates, papers, the rule book, the session table, sums of time.

Pure: nothing here reads a file, a clock, a socket or a database, and nothing of
ours is imported. Time is an argument.
"""
