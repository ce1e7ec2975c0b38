"""The console: HTML pages for resellers and operators."""
