"""DICOM: a folder of a series, or a file of one or several frames, as a volume.

What is said of a scan is taken from its headers and never guessed: a series that is no single,
straight, evenly spaced volume is refused by name.
"""
