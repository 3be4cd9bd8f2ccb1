"""Changes of a locked roster (*bổ sung, thay thế, đưa ra, đính chính*): requests, decisions, versions, comparison."""
