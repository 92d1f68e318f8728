"""Pages that speak into calls: `desk` opens a `booth` for one, in a `process` of its own.

The page comes by a websocket on 127.0.0.1, the call by a socket that has no name.
`origin` says which pages are welcome, and `relay` is the way for one that cannot come.
"""
