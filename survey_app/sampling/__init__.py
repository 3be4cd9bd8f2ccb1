"""Step 1, where a unit has more persons than its quota: frames, samples drawn from them, reserves and replacements."""
