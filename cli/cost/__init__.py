"""What Tally costs on AWS: units from the code itself, prices that are assumed, and the sum."""
