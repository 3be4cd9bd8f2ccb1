"""Step 6: from the summary table to points per component criterion."""
