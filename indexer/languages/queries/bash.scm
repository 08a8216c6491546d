; What is read out of scripts of the shell; each capture's name says what becomes of it (packaged.py beside this folder).

(command name: (command_name (word) @import) (#any-of? @import "source" "."))
(function_definition) @function

(command name: (command_name . (word) @call))
(command
  name: (command_name (word) @_how)
  argument: (word) @call
  (#any-of? @_how "command" "builtin" "run" "time" "exec" "nohup"))
(command
  name: (command_name (word) @_how)
  argument: (word) @read
  (#any-of? @_how "trap" "type" "hash" "complete"))
(declaration_command (variable_name) @read)
(unset_command (variable_name) @read)
