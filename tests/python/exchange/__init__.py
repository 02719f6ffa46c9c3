"""A client of the Exchange protocol, version 1, with the standard library, and dissononce for Noise.

It was written from PROTOCOL.md and tests/vectors alone, to show that they suffice. `client` is the protocol as a state
machine without input or output; `__main__` brings it a socket and a terminal. Sections and rules in comments are those
of PROTOCOL.md.
"""
