"""One page that holds a whole report.

It opens from disk, asks no network for anything, and works by keyboard.
"""
