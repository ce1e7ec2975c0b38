"""The action API: the door of resellers."""
