"""What the documentation generates from the code, before Sphinx reads the pages."""
