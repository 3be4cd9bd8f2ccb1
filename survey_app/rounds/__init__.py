"""A survey round (đợt điều tra): criterion set, groups, quotas, dates, rules, cells."""
