"""The mathematics on plain arrays: scaling, weighting, seeding, Lloyd, swaps, cells, assignment, quality."""
