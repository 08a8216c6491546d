--- Keeps an agent's edit in an undo block of its own: one `u` takes it back and nothing that you typed,
--- even when it lands while you are in insert mode.

local M = {}

---@param params lsp.ApplyWorkspaceEditParams
---@type lsp.Handler
function M.apply_edit(problem, params, context)
  local buffers = M.buffers_of(params.edit)
  vim.iter(buffers):each(M.close_block)
  local answer = vim.lsp.handlers["workspace/applyEdit"](problem, params, context)
  vim.iter(buffers):each(M.close_block)
  return answer
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
