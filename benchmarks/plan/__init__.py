"""What a plan without an account costs: ours beside dictionaries, troposphere and cfn-lint, as whole processes."""
