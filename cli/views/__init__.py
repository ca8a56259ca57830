"""How answers look to people, one module per family."""
