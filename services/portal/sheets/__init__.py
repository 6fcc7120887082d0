"""Spreadsheets as they come and go: reading cells strictly, telling faults by cell, writing safely.

Nothing here knows of HTTP, of pages or of the other services.
"""
