"""Machinery that knows nothing of exams: files, databases, clocks, TLS, sockets, life cycle."""
