"""Journeys that one running stack serves in turn: they kill nothing and need no other clock."""
