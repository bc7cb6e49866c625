"""Honest tables of different kinds, each made anew from a seed, and the defects that can be put into them.

A table is columns by name, each a list of values. What looks odd in them is meant: half-empty optional fields, rare categories,
heavy tails, nights without flights, yen beside euros.
"""
