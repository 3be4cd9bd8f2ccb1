"""Step 5: lists and answers counted per unit and group."""
