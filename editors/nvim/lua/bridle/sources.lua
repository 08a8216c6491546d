--- Tells the server which other tools show diagnostics here, so that it doubles none of theirs.

local client_module = require("bridle.client")

local M = {}
local QUIET_MS = 300
local watched = {} ---@type table<integer, true>
local told = {} ---@type table<integer, string> what each client was told last; that there is nothing is news too

--- Report now and whenever diagnostics change, until the client is gone.
---@param client vim.lsp.Client
function M.watch(client)
  if watched[client.id] then
    return
  end
  watched[client.id] = true
  local timer = assert(vim.uv.new_timer())
  local tell = vim.schedule_wrap(function()
    if not client:is_stopped() then
      M.tell(client)
    end
  end)
  vim.api.nvim_create_autocmd({ "DiagnosticChanged", "LspAttach", "LspDetach" }, {
    group = vim.api.nvim_create_augroup("bridle.sources." .. client.id, {}),
    callback = function()
      timer:start(QUIET_MS, 0, tell)
      return client:is_stopped() -- true removes this autocommand
    end,
  })
  timer:start(QUIET_MS, 0, tell)
end

---@param client vim.lsp.Client
function M.tell(client)
  local sources = M.others()
  local text = table.concat(sources, "\n")
  if told[client.id] ~= text then
    told[client.id] = text
    client_module.execute(client, "bridle.seen", { sources = sources })
  end
end

--- Sorted, each once, without our own: what is shown, and the servers that are about to show something.
---@return string[]
function M.others()
  local seen = {} ---@type table<string, true>
  for _, other in ipairs(vim.lsp.get_clients()) do
    if other.name ~= "bridle" then
      seen[other.name] = true
    end
  end
  for _, diagnostic in ipairs(vim.diagnostic.get()) do
    local source = diagnostic.source or ""
    if source ~= "" and not vim.startswith(source, "bridle") then
      seen[source] = true
    end
  end
  local sources = vim.tbl_keys(seen)
  table.sort(sources)
  return sources
end

return M
