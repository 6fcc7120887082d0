"""The rules of identity: passwords, waiting after failures, second factors, who may do what.

No I/O: everything here works on values.
"""
