"""What of a remote run happens on the board: standard library, Python 3.8 or later."""
