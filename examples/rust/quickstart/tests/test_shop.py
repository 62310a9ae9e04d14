"""Tests of the shop."""

from shop import total


def test_total() -> None:
    assert total([250, 199]) == 449
