"""The rules of passwords, addresses, roles and codes, as values."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.domain import second_factor
from services.portal.domain.passwords import LEAST_LENGTH, MOST_LENGTH, fault_of, normalised
from services.portal.domain.people import (
    Office,
    email_of,
    managed_roles,
    may_manage,
    name_of,
    office_faults,
)
from shared.web.identity import Identity

EMAIL, NAME = "focal.point@interior.example", "Focal Point"
NOW = datetime(2026, 11, 25, 12, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", "short"),
        ("Tr0ub4dor&3!", "short"),
        ("x" * (LEAST_LENGTH - 1), "short"),
        ("seven herons over wet stone", None),
        ("mot de passe très personnel à moi", None),
        ("سبعة طيور فوق حجر مبلل", None),
        ("七只苍鹭站在湿漉漉的石头上看着河水", None),
        ("7309182645109283", None),
        ("a" * 20, "common"),
        ("abababababababababab", "common"),
        ("123456789012345", "common"),
        ("098765432109876", "common"),
        ("abcdefghijklmnopq", "common"),
        ("password1234567!", "common"),
        ("!!!!Password!!!!", "common"),
        ("passwordpassword", "common"),
        ("iloveyouiloveyou", "common"),
        ("focal.point@interior.example", "personal"),
        ("focal point 2026 entraide", "personal"),
        ("correct horse battery and focal point", None),
        ("Z9! " * MOST_LENGTH, "long"),
    ],
)
def test_passwords_are_judged_by_length_and_commonness_alone(
    password: str, fault: str | None
) -> None:
    assert fault_of(password, EMAIL, NAME) == fault


def test_a_password_is_the_same_however_it_was_composed() -> None:
    assert normalised("caf\u00e9 \uff41") == normalised("cafe\u0301 a")


@pytest.mark.parametrize(
    ("text", "email"),
    [
        (" Focal.Point@Interior.Example ", "focal.point@interior.example"),
        ("a+b@x.example", "a+b@x.example"),
        ("نقطة@مثال.إختبار", "نقطة@مثال.إختبار"),
        ("a@b", None),
        ("a b@c.example", None),
        ("a@c.example\r\nBcc: x@y.example", None),
        ("a@c.example\u2028", "a@c.example"),
        ("a\u202e@c.example", None),
        ("a\x00@c.example", None),
        ("<a@c.example>", None),
        ("a@c.example,b@c.example", None),
        ("a@" + "c" * 250 + ".example", None),
        ("", None),
    ],
)
def test_addresses_of_mail_have_one_form_and_no_room_for_headers(
    text: str, email: str | None
) -> None:
    assert email_of(text) == email


@given(st.text(max_size=120))
def test_names_fit_on_one_line(text: str) -> None:
    name = name_of(text)
    assert name is None or (name == name_of(name) and "\n" not in name and "\r" not in name)


def test_names_keep_their_letters_and_lose_control_signs() -> None:
    assert name_of(" Focal\r\nPoint\u202e ") == "Focal Point"
    assert name_of(" \u200f ") is None
    assert name_of("x" * 101) is None


@pytest.mark.parametrize(
    ("office", "faults"),
    [
        (Office("requester", state="SEN"), []),
        (Office("requester"), ["state"]),
        (Office("requester", state="XXX"), ["state"]),
        (Office("requester", state="SEN", organisation="acme"), ["unbound"]),
        (Office("donor", organisation="acme"), []),
        (Office("donor", organisation="a b"), ["organisation"]),
        (Office("donor"), ["organisation"]),
        (Office("coordinator"), []),
        (Office("coordinator", regions=("Western Africa",)), []),
        (Office("coordinator", regions=("Atlantis",)), ["regions"]),
        (Office("auditor", regions=("Western Africa",)), ["unbound"]),
        (Office("auditor"), []),
        (Office("operator", state="SEN"), ["unbound"]),
        (Office("president"), ["role"]),
    ],
)
def test_roles_are_bound_to_what_is_theirs(office: Office, faults: list[str]) -> None:
    assert office_faults(office) == faults


WEST = frozenset({"Western Africa"})


@pytest.mark.parametrize(
    ("identity", "office", "allowed"),
    [
        (Identity("c", "coordinator"), Office("requester", state="KEN"), True),
        (Identity("c", "coordinator"), Office("donor", organisation="acme"), True),
        (Identity("c", "coordinator"), Office("coordinator"), True),
        (Identity("c", "coordinator"), Office("operator"), False),
        (Identity("c", "coordinator", regions=WEST), Office("requester", state="SEN"), True),
        (Identity("c", "coordinator", regions=WEST), Office("requester", state="KEN"), False),
        (Identity("c", "coordinator", regions=WEST), Office("donor", organisation="a"), False),
        (Identity("c", "coordinator", regions=WEST), Office("coordinator"), False),
        (
            Identity("c", "coordinator", regions=WEST),
            Office("coordinator", regions=("Western Africa",)),
            True,
        ),
        (
            Identity("c", "coordinator", regions=WEST),
            Office("coordinator", regions=("Western Africa", "Caribbean")),
            False,
        ),
        (Identity("o", "operator"), Office("operator"), True),
        (Identity("a", "auditor"), Office("requester", state="SEN"), False),
        (Identity("r", "requester", state="SEN"), Office("requester", state="SEN"), False),
    ],
)
def test_nobody_invites_to_more_than_they_have(
    identity: Identity, office: Office, allowed: bool
) -> None:
    assert may_manage(identity, office) is allowed
    if allowed:
        assert office.role in managed_roles(identity)


def test_codes_are_those_of_rfc_6238() -> None:
    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the RFC's secret, in base32
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        assert second_factor.code_at(seed, datetime.fromtimestamp(seconds, UTC)) == code


@pytest.mark.parametrize("aside", [-2, -1, 0, 1, 2])
def test_a_code_counts_in_its_own_step_and_one_aside(aside: int) -> None:
    seed = second_factor.new_seed()
    code = second_factor.code_at(seed, NOW + timedelta(seconds=30 * aside))
    step = second_factor.step_of(seed, code, NOW)
    now = int(NOW.timestamp()) // 30
    assert step == (now + aside if abs(aside) <= 1 else None)


def test_codes_may_be_typed_with_any_digits() -> None:
    seed = second_factor.new_seed()
    code = second_factor.code_at(seed, NOW)
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert second_factor.step_of(seed, f" {arabic[:3]} {arabic[3:]}", NOW) is not None
    for wrong in ("", "12345", "abcdef", "1" * 300, "½" * 6, "\ud800" * 6):
        assert second_factor.step_of(seed, wrong, NOW) is None


def test_recovery_codes_are_many_and_unlike() -> None:
    codes = second_factor.new_recovery_codes()
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert second_factor.plain_recovery(f" {codes[0].upper()} ") == codes[0].replace("-", "")
