"""ministack, taught the rest of AWS that a lab is made of. Development only; it is never shipped.

ministack emulates AWS in one process. This package is started instead of it, in an environment of its own
(`tools/emulator-env`), and attaches to it in stages, each a module that `__main__` lists:

1. `selfcheck` looks whether every inner name of ministack that this package uses is still there. If one is
   not, the emulator does not start and says which.
2. `client` and `conversion` are the two ways from CloudFormation to an API: a botocore client of the emulator
   itself, and the translation of a resource's properties into the parameters of an operation, guided by
   botocore's shapes: an unknown key is refused, never dropped.
3. `services` are small stores for services that ministack lacks, or whose part that we need it lacks.
4. `resources` are the CloudFormation types that it lacks or does not carry out fully.
5. `provisioning` stands around every create, update and delete of a resource: values are checked against the
   schemas that cfn-lint ships, what a property refers to must exist, what nobody read is remembered.
6. `stacks` corrects the life of a stack: which state refuses which call, stack policies, exports in use,
   drift, the events that AWS sends.
7. `identity` adds what IAM knows about MFA, PassRole, tags and instance types (only under AUTH=true).
8. `control` is how tests steer it over HTTP: reset, faults, what was ignored.

Two rules hold everywhere. A handler that runs on the event loop never calls the API, which would wait for
itself for ever: resources are provisioned on threads. And nothing of ministack is copied; it is imported.
"""
