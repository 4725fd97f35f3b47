"""What applications write: checked by mypy and pyright in their strict modes, and not run."""
