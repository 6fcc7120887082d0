"""What the client's threads do to the classes of the broker's answers."""

import gc
import subprocess
import sys

import kafka
from kafka.protocol.api_header import ResponseClassRegistry
from kafka.protocol.metadata import ApiVersionsRequest, ApiVersionsResponse

from shared.events import clients

LOSE_THE_CLASS = """
import gc
from kafka.protocol.api_header import ResponseClassRegistry
from kafka.protocol.metadata import ApiVersionsResponse
ApiVersionsResponse[0]
ApiVersionsResponse._VERSIONS.clear()
gc.collect()
ResponseClassRegistry._response_class_registry[18][0]
"""


def test_the_client_loses_a_class_that_two_threads_made() -> None:
    """Whatever is mended here can go once this fails with a newer client."""
    result = subprocess.run(
        [sys.executable, "-c", LOSE_THE_CLASS], capture_output=True, text=True, check=False
    )
    assert "weakly-referenced object no longer exists" in result.stderr, kafka.__version__


def test_an_answer_is_understood_after_a_version_of_its_class_was_lost() -> None:
    assert clients.producer is not None  # importing it mends the client
    version = ApiVersionsResponse.max_version
    request = ApiVersionsRequest(version=version).header_class(
        request_api_key=ApiVersionsRequest.API_KEY, request_api_version=version
    )
    assert ResponseClassRegistry.get_response_class(request).__name__.endswith(f"_v{version}")
    ApiVersionsResponse._VERSIONS.clear()
    gc.collect()
    again = ResponseClassRegistry.get_response_class(request)
    assert issubclass(again, ApiVersionsResponse)
