"""How long the commands take to answer: `--help` of ours and of the peers, and our `jobs ls`, beside bare Python."""
