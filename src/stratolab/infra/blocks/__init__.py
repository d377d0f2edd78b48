"""Resources that are safe as they come, for stacks to be made of: what must never be forgotten is written here once."""
