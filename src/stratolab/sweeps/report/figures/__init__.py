"""The figures of a report: each module draws one from `Facts`, or says in a sentence why there is none."""
