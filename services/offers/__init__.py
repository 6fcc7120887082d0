"""The register of offers: what donors can give, what they give already, and who knows how."""
