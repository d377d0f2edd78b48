"""What runs as a lab's functions in AWS: packed into a zip with what it imports, called by a deployment or a person.

    answering       the protocol of CloudFormation's custom resources: whatever happens, an answer
    entering        from a function's settings and a secret to an open connection, over TLS that is verified
    database_setup  a database's scripts, read from the bucket and run
    database_test   the way to a database, step by step
    secret_rotation applications' databases and users: made, and exchanged
    kept            Secrets Manager as a rotation sees it, and notices by SNS

Lambda brings boto3, so this is the one place beside `aws` that imports it. Handlers are named in templates as
`MODULE.handler`; settings come as environment variables, and none of them is secret.
"""
