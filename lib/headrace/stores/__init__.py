"""What is remembered: ports that state their promises, and their adapters."""
