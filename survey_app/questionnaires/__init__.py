"""Step 2: one questionnaire per group, authored as XLSForm, checked, versioned, previewed."""
