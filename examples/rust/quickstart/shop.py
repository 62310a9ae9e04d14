"""What the shop asks for its things."""


def total(prices: list[int]) -> int:
    """The sum of prices, in cents."""
    return sum(prices)
