"""The report's tests: python3 -m unittest, from the folder above."""
