"""The HTTP contract: blueprints that read fields, call one use case and answer."""
