"""What passes between the machines, as frozen values and bytes.

Pure: bytes in, values out, and back. Whoever calls says which type it expects
and whose signature; verify the bytes, then parse.
"""
