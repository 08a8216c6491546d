--- Tells the server in which languages another one already leads to definitions, so that it doubles none of them.

local M = {}
local METHOD = "textDocument/definition"
local QUIET_MS = 50
local watched = {} ---@type table<integer, true>
local told = {} ---@type table<integer, string> what each client was told last; that there is nobody is news too

--- Neovim takes all of these at any time, and says so of one only.
---@return lsp.ClientCapabilities
function M.capabilities()
  local dynamic = { dynamicRegistration = true }
  return {
    experimental = { bridleNeighbours = true },
    textDocument = {
      definition = dynamic,
      references = dynamic,
      documentSymbol = dynamic,
      callHierarchy = dynamic,
      typeHierarchy = dynamic,
    },
    workspace = { symbol = dynamic },
  }
end

--- Tell now and whenever a server comes or goes, until the client is gone.
---@param client vim.lsp.Client
function M.watch(client)
  if watched[client.id] then
    return
  end
  watched[client.id] = true
  local tell = vim.schedule_wrap(function()
    if not client:is_stopped() then
      M.tell(client)
    end
  end)
  vim.api.nvim_create_autocmd({ "LspAttach", "LspDetach" }, {
    group = vim.api.nvim_create_augroup("bridle.neighbours." .. client.id, {}),
    callback = function()
      vim.defer_fn(tell, QUIET_MS) -- who detaches is still there while it is told
      return client:is_stopped() -- true removes this autocommand
    end,
  })
  tell()
end

---@param client vim.lsp.Client
function M.tell(client)
  local languages = M.languages(client)
  local text = vim.inspect(languages)
  if told[client.id] ~= text then
    told[client.id] = text
    client:notify("bridle/neighbours", { languages = next(languages) and languages or vim.empty_dict() })
  end
end

--- The names of the other servers that give definitions, sorted, by the language as which `client` is told of a buffer.
---@param client vim.lsp.Client
---@return table<string, string[]>
function M.languages(client)
  local seen = {} ---@type table<string, table<string, true>>
  for _, other in ipairs(vim.lsp.get_clients({ method = METHOD })) do
    if other.name ~= "bridle" then
      for bufnr in pairs(other.attached_buffers) do
        if other:supports_method(METHOD, bufnr) then
          local language = client.get_language_id(bufnr, vim.bo[bufnr].filetype)
          seen[language] = seen[language] or {}
          seen[language][other.name] = true
        end
      end
    end
  end
  return vim.iter(seen):fold({}, function(languages, language, names)
    languages[language] = vim.tbl_keys(names)
    table.sort(languages[language])
    return languages
  end)
end

return M
