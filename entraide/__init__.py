"""What programs of others may import: `entraide.client`. It stands on nothing else of Entraide."""
