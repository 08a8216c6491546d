; What the grammar of C alone has: headers are read by the one of C++, which takes both.

(macro_type_specifier name: (identifier) @call)
