"""What `tally doctor` looks at, one check a line."""
