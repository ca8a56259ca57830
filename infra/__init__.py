"""What puts Tally into an account, and what its operator runs by hand."""
