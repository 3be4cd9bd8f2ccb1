"""Step 3: one personal code per invited person, letters, cells and invitations."""
