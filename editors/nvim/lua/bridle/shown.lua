--- Texts that the server shows and that are nobody's files: read again each time, and served by the server that shows
--- them.

local M = {}
local roots = {} ---@type table<string, string?> the root whose server showed a file

---@param params lsp.ShowDocumentParams
---@type lsp.Handler
function M.show(problem, params, context)
  local file = vim.uri_to_fname(params.uri)
  local client = vim.lsp.get_client_by_id(context.client_id)
  roots[vim.fs.normalize(file)] = client and client.root_dir
  local answer = vim.lsp.handlers["window/showDocument"](problem, params, context)
  local bufnr = vim.fn.bufnr(file)
  if bufnr ~= -1 and vim.api.nvim_buf_is_loaded(bufnr) then
    vim.bo[bufnr].autoread = true
    vim.cmd.checktime(bufnr)
  end
  return answer
end

--- The root of a buffer: of a text that was shown, that of the server that showed it.
---@param bufnr integer
---@param on_dir fun(root?: string)
function M.root_of(bufnr, on_dir)
  local shown = roots[vim.fs.normalize(vim.api.nvim_buf_get_name(bufnr))]
  on_dir(shown or vim.fs.root(bufnr, vim.lsp.config.bridle.root_markers))
end

return M
