"""The commands: `python -m sessera …`, which Flask has as `flask sessera …`."""
