--- What scenarios are made of: bounded waits, typing, and looking.

local M = {}
local WAIT_MS, LOOK_MS = 120000, 10 -- a bound for a busy machine; what is waited for is always a state

---@class probe.Scene
---@field root string
---@field result string
---@field test_file string
---@field source_file string
---@field finding_line integer
---@field wrong_line integer
---@field lint_file string
---@field tools string the folder of the programs ruff and pyright-langserver
---@field wrong string
---@field right string

---@type probe.Scene
M.scene = vim.json.decode(table.concat(vim.fn.readfile(vim.env.BRIDLE_SCENE), "\n"))

M.messages = {} ---@type string[]
local steps = {} ---@type string[]
local seen = {} ---@type table<string, any>

---@param scenario fun()
function M.play(scenario)
  vim.notify = function(message)
    table.insert(M.messages, message)
  end
  vim.fn.chdir(M.scene.root)
  M.thread = coroutine.create(scenario)
  vim.schedule(M.go_on)
end

function M.go_on()
  local ok, problem = coroutine.resume(M.thread)
  if not ok then
    M.finish(debug.traceback(M.thread, problem))
  elseif coroutine.status(M.thread) == "dead" then
    M.finish(nil)
  end
end

---@param problem string?
function M.finish(problem)
  local log = vim.fn.filereadable(vim.lsp.log.get_filename()) == 1 and vim.fn.readfile(vim.lsp.log.get_filename()) or {}
  local result = {
    ok = problem == nil,
    problem = problem,
    steps = steps,
    messages = M.messages,
    seen = seen,
    diagnostics = vim.tbl_map(function(each)
      return { vim.fn.bufname(each.bufnr), each.lnum, each.source, each.code, each.message }
    end, vim.diagnostic.get()),
    log = vim.list_slice(log, math.max(1, #log - 40)),
    screen = vim.api.nvim_buf_get_lines(0, 0, -1, false),
  }
  vim.fn.writefile({ vim.json.encode(result) }, M.scene.result)
  vim.cmd(problem and "cquit 1" or "qall!")
end

--- Wait until `condition` gives something, and give it back; past the bound the scenario fails with `step`.
---@generic T
---@param step string
---@param condition fun(): T?
---@return T
function M.wait(step, condition)
  local deadline = vim.uv.now() + WAIT_MS
  table.insert(steps, step)
  while true do
    local found = condition()
    if found then
      return found
    end
    assert(vim.uv.now() < deadline, "waited in vain until " .. step)
    vim.defer_fn(M.go_on, LOOK_MS)
    coroutine.yield()
  end
end

--- Wait for a message to the person that has these words.
---@param words string
function M.said(words)
  M.wait(("it said %q"):format(words), function()
    return M.heard(words)
  end)
end

--- Whether there was a message to the person that has these words.
---@param words string
---@return boolean
function M.heard(words)
  return vim.iter(M.messages):any(function(message)
    return message:find(words, 1, true) ~= nil
  end)
end

---@param name string
---@param value any
function M.note(name, value)
  seen[name] = value
end

---@param what string
---@param actual any
---@param expected any
function M.same(what, actual, expected)
  assert(vim.deep_equal(actual, expected), ("%s: %s, not %s"):format(what, vim.inspect(actual), vim.inspect(expected)))
end

--- Type keys, and wait until Neovim has taken them all: the last of them says so.
---@param keys string
function M.type(keys)
  vim.api.nvim_input(keys .. "<Cmd>lua vim.schedule(require('probe').go_on)<CR>")
  coroutine.yield()
end

---@param file string
---@return integer bufnr
function M.open(file)
  vim.cmd.edit(vim.fs.joinpath(M.scene.root, file))
  M.wait(file .. " has its client", function()
    return vim.lsp.get_clients({ name = "bridle", bufnr = 0 })[1]
  end)
  return vim.api.nvim_get_current_buf()
end

---@return vim.lsp.Client
function M.client()
  return assert(vim.lsp.get_clients({ name = "bridle" })[1])
end

--- Start the server of another tool on the same buffers, as its users do.
---@param name string
---@param program string
---@param ... string its arguments
function M.beside(name, program, ...)
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.textDocument.diagnostic = nil -- what is pushed comes again by itself when the server knows more
  vim.lsp.config(name, {
    capabilities = capabilities,
    cmd = { vim.fs.joinpath(M.scene.tools, program), ... },
    filetypes = { "python" },
    root_markers = { "pyproject.toml" },
  })
  vim.lsp.enable(name)
end

--- What every client offers at a line, by its title.
---@param bufnr integer
---@param line integer 0-based
---@return string[] titles
function M.offered(bufnr, line)
  local titles = {}
  local length = #vim.api.nvim_buf_get_lines(bufnr, line, line + 1, true)[1]
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = bufnr })) do
    local params = {
      textDocument = { uri = vim.uri_from_bufnr(bufnr) },
      range = { start = { line = line, character = 0 }, ["end"] = { line = line, character = length } },
      context = { diagnostics = vim.lsp.diagnostic.from(vim.diagnostic.get(bufnr, { lnum = line })) },
    }
    local answer = client:request_sync("textDocument/codeAction", params, WAIT_MS, bufnr) or {}
    for _, action in ipairs(answer.result or {}) do
      table.insert(titles, client.name .. ": " .. action.title)
    end
  end
  return titles
end

---@param bufnr integer
---@return string
function M.text(bufnr)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n")
end

--- Wait for a diagnostic of one source in a buffer, and of one code if that is given.
---@param bufnr integer
---@param source string
---@param code? string
---@return vim.Diagnostic
function M.diagnostic(bufnr, source, code)
  return M.wait(("%s %s shows"):format(source, code or ""), function()
    return vim.iter(vim.diagnostic.get(bufnr)):find(function(each)
      return each.source == source and (code == nil or each.code == code)
    end)
  end)
end

--- The code actions at a line whose command is `command`.
---@param bufnr integer
---@param line integer 0-based
---@param command string
---@return lsp.CodeAction[]
function M.actions(bufnr, line, command)
  local position = { line = line, character = 0 }
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    range = { start = position, ["end"] = position },
    context = { diagnostics = {} },
  }
  local answer = M.client():request_sync("textDocument/codeAction", params, WAIT_MS, bufnr) or {}
  assert(not answer.err, vim.inspect(answer.err))
  return vim.tbl_filter(M.runs(command), answer.result or {})
end

--- Choose the code action at a line whose command is `command`, as `gra` would.
---@param bufnr integer
---@param line integer 0-based
---@param command string
function M.choose(bufnr, line, command)
  vim.api.nvim_set_current_buf(bufnr)
  vim.api.nvim_win_set_cursor(0, { line + 1, 0 })
  M.wait(command .. " is offered", function()
    return M.actions(bufnr, line, command)[1]
  end)
  vim.lsp.buf.code_action({ filter = M.runs(command), apply = true })
end

--- Choose the code action at a line whose title has these words.
---@param bufnr integer
---@param line integer 0-based
---@param words string
function M.choose_titled(bufnr, line, words)
  local function titled(action)
    return action.title:find(words, 1, true) ~= nil
  end
  vim.api.nvim_set_current_buf(bufnr)
  vim.api.nvim_win_set_cursor(0, { line + 1, 0 })
  vim.lsp.buf.code_action({ filter = titled, apply = true })
end

---@param command string
---@return fun(action: lsp.CodeAction): boolean
function M.runs(command)
  return function(action)
    return type(action.command) == "table" and action.command.command == command
  end
end

return M
