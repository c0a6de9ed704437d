"""What people see: a Dash app that draws finished tables, and the command line."""
