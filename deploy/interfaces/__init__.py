"""The published descriptions of APIs and topics, and what a change of them breaks."""
