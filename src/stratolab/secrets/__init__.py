"""Secrets of a lab: put in by a person, fetched by name where they are used, seen nowhere on the way.

    models     names, references (`world-series/database:password`), versions and their stages
    protocol   what keeps secrets
    local      a file that only its owner may read, in the lab's folder
    aws        AWS Secrets Manager, below the lab's name
    service    from references to values: for a job's environment, for the user's code
    mask       takes values out of what is shown

A secret has a name, and versions of its value with stages as in AWS Secrets Manager: AWSCURRENT is what everybody
gets, AWSPREVIOUS what was current before. A reference is a name, or a name and the key of a JSON secret.

No value is ever part of a message, a repr or an exception.
"""
