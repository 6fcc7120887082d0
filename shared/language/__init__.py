"""What a text says, in six languages, as numbers and codes that may leave its owner.

`read` is the one door that services use: it turns the texts of a record into its signature (their
language, the concepts of the field that they name, keyed hashes of their terms and one sentence
vector) and what they seem to ask for or to offer, which stays with their owner.
"""

from shared.language.detect import Detection, detect
from shared.language.signature import METHOD, Reading, read, signature
from shared.language.vectors import encoder_available

__all__ = [
    "METHOD",
    "Detection",
    "Reading",
    "detect",
    "encoder_available",
    "read",
    "signature",
]
