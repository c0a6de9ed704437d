"""Finished table in, figure out: nothing is computed here."""
