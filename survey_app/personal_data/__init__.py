"""What people may ask of the data held on them, and how these data end: requests, retention, erasure."""
