"""Whether the tests would notice: small faults put into changed lines."""
