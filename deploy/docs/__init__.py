"""The guides as a site, and their pictures."""
