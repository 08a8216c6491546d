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
  filetypes = { "python" },
  root_markers = { "bridle.toml", "pyproject.toml", "setup.cfg", "setup.py", ".git" },
}
