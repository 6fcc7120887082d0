"""What the registers of requests and of offers do alike: lines, rights, texts, search, coverage.

Nothing here knows a request or an offer; each register brings its own documents and rules.
"""
