"""Millions of photographs, from one store to another, on Ray Data.

`places` reads and writes wherever the files lie, `plan` says what goes where, `manifest`
keeps a row for each, `worker` is what runs in an actor, `engine` is all that knows Ray,
`run` puts them together.
"""
