"""How listings and reports fare when the store is large."""
