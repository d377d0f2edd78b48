"""Code that runs inside jobs: light to import, needs nothing but the standard library."""
