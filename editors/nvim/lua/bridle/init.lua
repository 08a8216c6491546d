--- What a configuration may use. Everything else is the plugin's own.

local M = {}

--- For a statusline: `%{%v:lua.require'bridle'.statusline()%}`. Empty where Bridle has nothing to say.
---@return string
function M.statusline()
  local status = require("bridle.status").of(vim.lsp.get_clients({ name = "bridle", bufnr = 0 })[1])
  return status and ("Bridle: " .. status.text):gsub("%%", "%%%%") or ""
end

return M
