; What JavaScript alone has, or writes otherwise than TypeScript.

(field_definition property: (_) value: [(arrow_function) (function_expression)]) @method
(field_definition property: (_) value: (new_expression)) @field
(formal_parameters (identifier) @local)
(class_heritage (_) @inherit)
