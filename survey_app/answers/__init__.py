"""Step 4: sealed envelopes, respondent pages, opening."""
