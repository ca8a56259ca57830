"""`tally`: what operators type. It talks to the API or straight to the tables, and is never packaged."""
