"""The only importer of stripe, and only inside the functions that need it: it is slow to import."""
