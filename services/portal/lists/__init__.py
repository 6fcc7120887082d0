"""Every list as a file: which columns it has, with their HXL tags, and how its records are rows.

Knows neither HTTP nor who reads: pages and the command `entraide export` give it records.
"""
