"""The running stack that tests of pages and browsers share, from the first of them to the last."""

from tests.pages.running import portal as portal
from tests.pages.running import visitor as visitor
