"""Activities from files of the International Aid Transparency Initiative (activity standard 2.0x).

`reading` takes a file apart, activity by activity, in bounded memory; `understanding` makes of each
what the register can hold. Neither writes anything. Field by field: iatistandard.org, version 2.03.
"""
