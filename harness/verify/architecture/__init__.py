"""The rules of a project about who may import whom, judged on the import graph."""
