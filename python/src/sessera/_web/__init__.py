"""What the parts for Flask, ASGI and Django share: nothing here knows of a framework."""
