"""The folder in front of a fork server's PYTHONPATH: Python finds `sitecustomize` in it, which finds `checks`."""
