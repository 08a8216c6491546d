--- Keeps an agent's edit in an undo block of its own: one `u` takes it back and nothing that you typed,
--- even when it lands while you are in insert mode. An edit that you were faster than is not applied at all.

local M = {}

---@param params lsp.ApplyWorkspaceEditParams
---@type lsp.Handler
function M.apply_edit(problem, params, context)
  local moved_on = M.moved_on(params.edit)
  if moved_on then
    M.send_changes(assert(vim.lsp.get_client_by_id(context.client_id)), moved_on)
    return { applied = false, failureReason = "you were typing meanwhile" }
  end
  local buffers = M.buffers_of(params.edit)
  vim.iter(buffers):each(M.close_block)
  local answer = vim.lsp.handlers["workspace/applyEdit"](problem, params, context)
  vim.iter(buffers):each(M.close_block)
  return answer
end

--- The first buffer that is not what the edit was made for. Neovim itself looks at the first document alone, not at
--- all where that was never changed since it was opened (version 0), and answers "applied" of what it dropped.
---@param edit lsp.WorkspaceEdit
---@return integer? bufnr
function M.moved_on(edit)
  for _, change in ipairs(edit.documentChanges or {}) do
    local version = change.textDocument and change.textDocument.version
    if type(version) == "number" then
      local bufnr = vim.fn.bufnr(vim.uri_to_fname(change.textDocument.uri))
      if vim.api.nvim_buf_is_loaded(bufnr) and vim.lsp.util.buf_versions[bufnr] ~= version then
        return bufnr
      end
    end
  end
end

--- Send what is held back, before the answer goes: the server works its edit out anew on it. A request does that.
---@param client vim.lsp.Client
---@param bufnr integer
function M.send_changes(client, bufnr)
  local params = { command = "bridle.status", arguments = { vim.empty_dict() } }
  client:request("workspace/executeCommand", params, function() end, bufnr)
end

--- End the buffer's open undo block; the next change begins a new one (|undo-break|).
---@param bufnr integer
function M.close_block(bufnr)
  vim.api.nvim_buf_call(bufnr, function()
    vim.bo[bufnr].undolevels = vim.bo[bufnr].undolevels
  end)
end

--- The loaded buffers that an edit names, each once.
---@param edit lsp.WorkspaceEdit
---@return integer[]
function M.buffers_of(edit)
  local uris = vim.tbl_keys(edit.changes or {})
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument then
      table.insert(uris, change.textDocument.uri)
    end
  end
  local buffers = {} ---@type table<integer, true>
  for _, uri in ipairs(uris) do
    local bufnr = vim.fn.bufnr(vim.uri_to_fname(uri))
    if vim.api.nvim_buf_is_loaded(bufnr) then
      buffers[bufnr] = true
    end
  end
  return vim.tbl_keys(buffers)
end

return M
