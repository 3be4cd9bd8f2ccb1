"""Step 8, first part: handing the locked roster over to Sở Nội vụ, with the official papers that go with it."""
