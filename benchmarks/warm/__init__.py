"""Trials that import scikit-learn: bare spawning beside ours, cold and with `warm = [...]` in `stratolab.toml`."""
