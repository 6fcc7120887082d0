"""What a text says, in six languages, as numbers and codes that may leave its owner.

`signature` is the one door that services use: it turns the texts of a record into its language,
the concepts of the field that it names, keyed hashes of its terms and one sentence vector.
"""

from shared.language.detect import Detection, detect
from shared.language.signature import METHOD, signature
from shared.language.vectors import encoder_available

__all__ = ["METHOD", "Detection", "detect", "encoder_available", "signature"]
