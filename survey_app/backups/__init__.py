"""Backups (sao lưu): a copy that can be trusted, its restoring, and the check of what is stored."""
