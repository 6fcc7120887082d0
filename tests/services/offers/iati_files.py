"""Files of IATI activities that the tests write. Nobody reported any of it."""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "identifier": "<iati-identifier>XT-TEST-1</iati-identifier>",
    "reporter": '<reporting-org ref="XT-TEST" type="10"><narrative>Agency of the tests</narrative>'
    "</reporting-org>",
    "title": "<title><narrative>Marking of service weapons</narrative></title>",
    "description": "<description><narrative>Two dot-peen marking machines for the police, and a "
    "training course in marking small arms for their operators.</narrative></description>",
    "participant": '<participating-org role="4" type="40"><narrative>UNODC</narrative>'
    "</participating-org>",
    "status": '<activity-status code="2"/>',
    "dates": '<activity-date type="2" iso-date="2026-02-01"/>'
    '<activity-date type="3" iso-date="2027-01-31"/>',
    "country": '<recipient-country code="SN"/>',
    "region": "",
    "sector": '<sector vocabulary="1" code="15240"/>',
    "budget": '<budget><period-start iso-date="2026-02-01"/><period-end iso-date="2027-01-31"/>'
    '<value currency="EUR" value-date="2026-02-01">120000</value></budget>',
    "transactions": "",
}
"""The parts of an activity in which nothing is wrong, in the standard's order."""


def activity(number: int = 1, attributes: str = 'xml:lang="en"', **parts: str) -> str:
    """An activity with the identifier XT-TEST-`number` and the given parts changed."""
    identifier = f"<iati-identifier>XT-TEST-{number}</iati-identifier>"
    chosen = {**PARTS, "identifier": identifier, **parts}
    return f"<iati-activity {attributes}>{''.join(chosen.values())}</iati-activity>"


def text(*activities: str, version: str = "2.03", declared: str = "UTF-8") -> str:
    """A file of these activities."""
    head = f'<?xml version="1.0" encoding="{declared}"?>\n'
    body = "\n".join(activities)
    return f'{head}<iati-activities version="{version}">\n{body}\n</iati-activities>\n'


def file(*activities: str, version: str = "2.03") -> bytes:
    """The bytes of a file of these activities."""
    return text(*activities, version=version).encode()
