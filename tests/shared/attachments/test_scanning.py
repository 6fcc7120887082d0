"""What a scanner says, and that it does not say anything."""

import pytest

from deploy.local.servers import free_port
from shared.attachments.scanning import NotScanned, ScannerAway, infected
from tests.shared.attachments.clamd import VIRUS, scanner


def test_it_finds_and_does_not() -> None:
    with scanner() as address:
        assert not infected(address, b"x" * 200_000)
        assert infected(address, b"x" * 70_000 + VIRUS)


def test_what_it_did_not_scan_is_not_clean() -> None:
    with scanner() as address, pytest.raises(NotScanned):
        infected(address, b"x" * 1_000_001)


def test_it_is_away() -> None:
    with pytest.raises(ScannerAway) as away:
        infected(f"127.0.0.1:{free_port()}", b"x")
    assert not isinstance(away.value, NotScanned)
