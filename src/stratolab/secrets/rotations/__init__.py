"""Secrets exchanged on request: begun, followed, and told how it went; or rehearsed, which changes nothing.

    models    what a rotation says on its way, and what became of it
    protocol  what exchanges secrets
    local     in this process, with the secrets of this machine's lab
    aws       by the lab's function, which Secrets Manager calls; a rehearsal by the same one

The steps themselves are in `stratolab.runtime.rotation`, the same code for both.
"""
