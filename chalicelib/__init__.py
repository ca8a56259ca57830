"""Tally: prepaid credits for a SaaS, as a bundle of serverless functions."""

VERSION = "0.1.0"
