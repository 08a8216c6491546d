; What is read out of a Python file. Each capture's name says what becomes of it (see python.py beside this folder).

(function_definition) @function
(class_definition) @class
(decorated_definition) @decorated
(module (expression_statement (assignment) @variable))
(module (type_alias_statement) @alias)

(function_definition body: (block . (expression_statement (string) @doc)))
(class_definition body: (block . (expression_statement (string) @doc)))
(module . (comment)* . (expression_statement (string) @doc))

(import_statement) @import
(import_from_statement) @import

(call function: [(identifier) (attribute)] @call)
(class_definition superclasses: (argument_list [(identifier) (attribute)] @inherit))
(class_definition superclasses: (argument_list (subscript value: [(identifier) (attribute)] @inherit)))

(decorator [(identifier) (attribute)] @read)
(call arguments: (argument_list [(identifier) (attribute)] @read))
(keyword_argument value: [(identifier) (attribute)] @read)
(type [(identifier) (attribute)] @read)
(generic_type (identifier) @read)
(raise_statement [(identifier) (attribute)] @read)
(except_clause [(identifier) (attribute)] @read)
(return_statement [(identifier) (attribute)] @read)
(assignment right: [(identifier) (attribute)] @read)
(pair value: [(identifier) (attribute)] @read)
