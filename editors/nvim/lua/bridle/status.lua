--- The last `bridle/status` of each client, and the text of it for a statusline.

local M = {}

---@class bridle.Status What the server notifies.
---@field text string
---@field state string
---@field detail? string

---@type table<integer, bridle.Status>
local last = {}

---@param status bridle.Status
---@type lsp.Handler
function M.receive(_, status, context)
  last[context.client_id] = status
  vim.api.nvim_exec_autocmds("User", { pattern = "BridleStatus", data = status, modeline = false })
  vim.cmd.redrawstatus({ bang = true })
end

---@param client vim.lsp.Client?
---@return bridle.Status?
function M.of(client)
  return client and last[client.id]
end

return M
