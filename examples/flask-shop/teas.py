"""What the shop sells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tea:
    """One tea on the shelf; the price is in pence for 50 g."""

    key: str
    name: str
    origin: str
    note: str
    steep: str
    price: int


TEAS = {
    tea.key: tea
    for tea in (
        Tea(
            "sencha",
            "First Frost Sencha",
            "Shizuoka",
            "Grass after rain, a little sea.",
            "70 °C · 1 min",
            920,
        ),
        Tea(
            "oolong",
            "Slow Gate Oolong",
            "Nantou",
            "Orchid first, toast at the third steep.",
            "90 °C · 3 min",
            1240,
        ),
        Tea(
            "lapsang",
            "Pine Ember",
            "Wuyi",
            "Dried over resin wood. Campfires, kindly meant.",
            "95 °C · 4 min",
            1080,
        ),
        Tea(
            "chamomile",
            "Meadow Hour",
            "Bohemia",
            "Whole flowers, honey, an early night.",
            "100 °C · 6 min",
            760,
        ),
        Tea(
            "rooibos",
            "Red Lantern",
            "Cederberg",
            "Vanilla and warm stone, no caffeine at all.",
            "100 °C · 7 min",
            690,
        ),
        Tea("mint", "Cold Window Mint", "Meknes", "Two mints and nothing else.", "95 °C · 5 min", 640),
    )
}


@dataclass(frozen=True)
class Line:
    """One line of the cart."""

    tea: Tea
    quantity: int

    @property
    def total(self) -> int:
        return self.tea.price * self.quantity


def lines_of(cart: dict[str, int]) -> list[Line]:
    """The cart's lines in the shelf's order; teas no longer sold are left out."""
    return [Line(tea, cart[key]) for key, tea in TEAS.items() if cart.get(key, 0) > 0]
