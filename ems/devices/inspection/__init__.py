"""Look at devices before they are in a site file: find them, show them, doubt them, record them."""
