; What is rendered in JSX: an element of a component is a call of it.

(jsx_opening_element name: [(identifier) (member_expression)] @render)
(jsx_self_closing_element name: [(identifier) (member_expression)] @render)
(jsx_closing_element name: [(identifier) (member_expression)] @closing)
