; Where links may stand in Markdown (markdown.py beside this folder).

(inline) @inline
(pipe_table_cell) @inline
(link_reference_definition (link_destination) @to)
