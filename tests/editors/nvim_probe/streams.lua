--- Does what the plans of stream_plans.py say, by Neovim's own keys and commands, for a server that writes down what
--- Neovim sends. Each answer of `recorder.kind` says that all before it was sent.

local probe = require("probe")
local M = {}

local client ---@type vim.lsp.Client
local bufnr ---@type integer

---@class streams.Step
---@field kind string
---@field line integer
---@field column integer
---@field count integer
---@field where? string
---@field keys? string[]
---@field bursts? integer[]
---@field text? string
---@field times? integer
---@field words? string[]
---@field body? string
---@field seed? integer

---@param command string
---@param ... any
local function ask(command, ...)
  local answer, problem =
    client:request_sync("workspace/executeCommand", { command = command, arguments = { ... } }, 20000, bufnr)
  assert(answer and not answer.err, vim.inspect({ problem, answer }))
end

local function line_count()
  return vim.api.nvim_buf_line_count(bufnr)
end

--- Put the cursor on the step's line, and return its 1-based number.
---@param step streams.Step
---@return integer
local function go(step)
  local line = step.line % line_count() + 1
  vim.api.nvim_win_set_cursor(0, { line, 0 })
  return line
end

--- The step's lines, as a range of the command line.
---@param step streams.Step
---@return string
local function range(step)
  local first = go(step)
  return ("%d,%d"):format(first, math.min(first + step.count - 1, line_count()))
end

local KEYS = { ["\n"] = "<CR>", ["\b"] = "<BS>", ["<"] = "<lt>", ["\\"] = "<Bslash>" }
local ENTER = { below = "o", above = "O", ["end"] = "A", start = "I", middle = "i" }

---@param step streams.Step
local function type_keys(step)
  go(step)
  if step.where == "middle" then
    vim.fn.setcursorcharpos(vim.fn.line("."), step.column % (vim.fn.charcol("$")) + 1)
  end
  probe.type(ENTER[step.where])
  local at = 0
  for _, burst in ipairs(step.bursts) do
    local keys = vim.list_slice(step.keys, at + 1, at + burst)
    probe.type(table.concat(vim.tbl_map(function(key)
      return KEYS[key] or key
    end, keys)))
    ask("recorder.kind", step.kind)
    at = at + burst
  end
  probe.type("<Esc>")
end

---@return string
local function on_disk()
  local file = assert(io.open(vim.api.nvim_buf_get_name(bufnr), "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

--- The buffer's text as it would be written.
---@return string
local function whole_text()
  local ending = vim.bo[bufnr].fileformat == "dos" and "\r\n" or "\n"
  local text = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), ending)
  return vim.bo[bufnr].endofline and text .. ending or text
end

--- Save, let another program change the file, and take what it wrote.
---@param command string
---@param step streams.Step
local function from_outside(command, step)
  vim.cmd("silent write")
  ask(command, vim.api.nvim_buf_get_name(bufnr), step.seed)
  vim.cmd("silent checktime")
  probe.wait("the file is read again", function()
    return whole_text() == on_disk()
  end)
end

---@type table<string, fun(step: streams.Step)>
local does = {
  typing = type_keys,
  astral = type_keys,
  multicursor = function(step)
    local first = go(step)
    local down = math.min(step.count, line_count() - first)
    local column = step.column % 12
    probe.type(("%d|<C-v>%sI%s<Esc>"):format(column + 1, down > 0 and down .. "j" or "", step.text))
  end,
  undo = function(step)
    probe.type(step.times .. "u")
  end,
  redo = function(step)
    probe.type(step.times .. "<C-r>")
  end,
  snippet = function(step)
    go(step)
    probe.type("o")
    vim.snippet.expand(step.body)
    for number, word in ipairs(step.words) do
      for key in word:gmatch(".") do
        probe.type(key)
        ask("recorder.kind", step.kind)
      end
      if number < #step.words and vim.snippet.active({ direction = 1 }) then
        vim.snippet.jump(1)
        probe.type("")
      end
    end
    vim.snippet.stop()
    probe.type("<Esc>")
  end,
  rename = function(step)
    if vim.fn.search(([[\<%s\>]]):format(step.words[1]), "cw") > 0 then
      vim.lsp.buf.rename(step.words[2])
      probe.wait("the rename came", function()
        return vim.fn.search(([[\<%s\>]]):format(step.words[1]), "nw") == 0
      end)
    end
  end,
  save = function()
    vim.cmd("silent write")
  end,
  reload = function(step)
    from_outside("recorder.reload", step)
  end,
  branch = function(step)
    from_outside("recorder.branch", step)
  end,
  substitute = function(step)
    vim.cmd(([[silent %%s/%s/%s/ge]]):format(unpack(step.words)))
  end,
  paste = function(step)
    go(step)
    vim.paste(vim.split(step.text, "\n", { plain = true }), -1)
  end,
  indent = function(step)
    vim.cmd("silent " .. range(step) .. ">")
  end,
  outdent = function(step)
    vim.cmd("silent " .. range(step) .. "<")
  end,
  delete = function(step)
    vim.cmd("silent " .. range(step) .. "delete")
  end,
  move = function(step)
    local lines, to = range(step), step.column % line_count()
    pcall(vim.cmd, ("silent %smove %d"):format(lines, to)) -- "into itself" is refused
  end,
  duplicate = function(step)
    go(step)
    probe.type("yyp")
  end,
  comment = function(step)
    go(step)
    probe.type(("gc%dj"):format(step.count))
  end,
  join = function(step)
    vim.cmd("silent " .. range(step) .. "join")
  end,
  sort = function(step)
    vim.cmd("silent " .. range(step) .. "sort")
  end,
  whole = function()
    local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
    table.insert(lines, 1, "# whole")
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  end,
}

---@param stream { name: string, file: string, steps: streams.Step[] }
---@return string final
local function play_one(stream)
  bufnr = probe.open(stream.file)
  client = probe.client()
  vim.api.nvim_create_autocmd("BufWritePre", {
    buffer = bufnr,
    callback = function()
      vim.lsp.buf.format({ bufnr = bufnr, async = false, timeout_ms = 20000 })
    end,
  })
  for number, step in ipairs(stream.steps) do
    ask("recorder.kind", step.kind)
    local ok, problem = xpcall(does[step.kind], debug.traceback, step)
    assert(ok, ("%s, step %d: %s"):format(stream.name, number, problem))
    ask("recorder.kind", step.kind)
  end
  vim.cmd("silent write")
  ask("recorder.kind", "save")
  return whole_text()
end

function M.play()
  local finals = {} ---@type table<string, string>
  for _, stream in ipairs(probe.scene.streams) do
    finals[stream.name] = play_one(stream)
  end
  probe.note("finals", finals)
  probe.note("version", tostring(vim.version()))
end

return M
