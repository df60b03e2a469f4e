"""What the documentation generates from the code: ``docs/conf.py`` writes it before it reads the pages."""
