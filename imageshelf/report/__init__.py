"""What people see: text, tables, the HTML page, contact sheets, notebooks."""
