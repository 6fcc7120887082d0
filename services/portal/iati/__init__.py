"""Committed matches as IATI activities (activity standard 2.03), without knowing of HTTP.

`activities` makes an element of each match, `files` a file of them, piece by piece. What they are
made of is what the matcher tells at /v1/matches/activities, and the records that it names.
"""
