"""Files attached to records: what may be one, where its bytes are, who adds, reads, removes it."""
