---@brief
---
--- Bridle: agent edits that were verified before you see them.
---
--- Install the server with `pip install bridle`, then `vim.lsp.enable("bridle")`.
--- The environment variable `BRIDLE` names another program than the one on PATH.

---@type vim.lsp.Config
return {
  cmd = { vim.env.BRIDLE or "bridle", "serve" },
  cmd_env = { PYTHONPATH = "" },
  filetypes = {
    "python",
    "javascript",
    "javascriptreact",
    "typescript",
    "typescriptreact",
    "go",
    "rust",
    "java",
    "kotlin",
    "cs",
    "c",
    "cpp",
    "ruby",
    "php",
    "sh",
    "bash",
    "toml",
    "json",
    "jsonc",
    "yaml",
    "markdown",
  },
  -- The whole repository where there is one: its packages are told apart by the server.
  root_markers = {
    "bridle.toml",
    ".git",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "package.json",
    "go.mod",
    "Cargo.toml",
  },
}
