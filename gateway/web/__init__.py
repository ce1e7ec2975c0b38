"""What every HTTP listener shares."""
