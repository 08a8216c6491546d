; Where macros of Rust are called, and what does not read well (rust_macros.py beside this folder).

(macro_invocation) @invocation
(ERROR) @broken
(MISSING) @broken
