"""Files in, arrays out: volumes, readers, writers, layouts, splits, phantoms, perturbations."""
