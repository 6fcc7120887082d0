"""Journeys that one running stack serves, one after another: they kill nothing and need no clock of their own."""
