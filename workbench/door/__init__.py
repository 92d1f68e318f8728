"""The front door: one public SIP address, a strict screen, and the way to the workers."""
