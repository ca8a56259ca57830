"""Use cases: load, ask the domain, commit once. No vendor's name appears here."""
