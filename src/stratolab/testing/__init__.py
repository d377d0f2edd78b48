"""Contract tests and test doubles, shipped so that other stores, engines and labs can be held to the same."""
