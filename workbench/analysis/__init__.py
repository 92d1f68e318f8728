"""Analysis: call events as pandas frames, and pictures of calls.

Siblings: `frames` (calls and events as frames), `pictures` (waveforms).
"""
