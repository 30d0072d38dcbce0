"""What each command of `lacr` does; cli.py reads the command line and calls these."""
