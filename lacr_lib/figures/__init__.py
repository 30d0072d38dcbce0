"""Every figure of the course: one file a topic, one function a figure."""
