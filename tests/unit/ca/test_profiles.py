"""Profiles keep to the Baseline Requirements."""

from datetime import timedelta

import pytest

from gateway.ca.profiles import LONGEST_VALIDITY, PROFILES, Profile


def test_the_classic_profile_comes_first_and_so_is_the_default() -> None:
    assert list(PROFILES) == ["classic", "tlsserver", "shortlived"]
    assert all(name == profile.name for name, profile in PROFILES.items())


def test_no_profile_lasts_longer_than_90_days() -> None:
    assert PROFILES["classic"].longest == timedelta(days=90)
    assert all(profile.default <= profile.longest for profile in PROFILES.values())
    assert all(profile.longest <= timedelta(days=90) for profile in PROFILES.values())


def test_a_short_lived_certificate_lasts_less_than_seven_days() -> None:
    assert PROFILES["shortlived"].longest < timedelta(days=7)


def test_no_profile_can_be_longer_than_the_baseline_requirements_allow() -> None:
    too_long = LONGEST_VALIDITY + timedelta(seconds=1)
    with pytest.raises(ValueError, match="too long"):
        Profile("x", "", too_long, too_long, common_name=True, key_encipherment=True)


def test_the_default_validity_is_not_longer_than_the_longest() -> None:
    day = timedelta(days=1)
    with pytest.raises(ValueError, match="too long"):
        Profile("x", "", 2 * day, day, common_name=True, key_encipherment=True)
