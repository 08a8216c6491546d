"""Which tests a change can reach, told from what tests were seen to execute and open."""
