"""Who works here: accounts, sign-in, one-time codes, sessions."""
