"""Step 1: units' lists -> checked -> submitted -> approved -> locked roster -> hand-over."""
