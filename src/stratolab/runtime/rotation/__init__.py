"""Credentials exchanged while they are in use, in a function of a lab and on a laptop by the same code.

    credentials  who gets into which database: a secret in RDS's form, made up names and passwords, the twin of a user
    postgres     users of PostgreSQL: a twin that acts as the first, so that both own the same things
    mysql        users of MySQL and MariaDB: a twin with the same grants
    databases    what is exchanged: a database's user, by alternating between the two
    keys         what is exchanged: an access key of AWS, of which a user may have two
    canaries     what has to work with the new one before anybody gets it
    steps        the four steps of Secrets Manager, each of which may be repeated; the way back; the rehearsal

Two credentials are good at any time: the current one, and the one before (AWSPREVIOUS). A rotation makes the one before
anew, tries it out as AWSPENDING, and only then makes it AWSCURRENT. So whoever holds the current one never notices, and
whoever still holds the one before is locked out by the next rotation.

No value is ever part of a message, a repr, an exception, a log line or an argument of a process.
"""
