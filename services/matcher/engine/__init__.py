"""The matching engine: pure functions and structures in memory.

No HTTP, no Kafka, no MongoDB, and no clock: what day it is comes from outside. It sees the data of
events and nothing else, so every process that is given the same events ranks alike.
"""
