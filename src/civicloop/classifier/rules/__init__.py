"""Texts → kinds, as calculation: features, a linear model, how it is trained, how good it is."""
