"""The commands, one module per family: each reads its options, asks the office, and shows what came of it."""
