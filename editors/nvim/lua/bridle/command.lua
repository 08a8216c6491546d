--- `:Bridle {subcommand} [arguments]`. Each subcommand only gathers an argument and hands it to the server.

local client_module = require("bridle.client")

local M = {}
local RESTART_MS = 5000

---@alias bridle.Typed vim.api.keyset.create_user_command.command_args
---@alias bridle.Subcommand fun(client: vim.lsp.Client, rest: string, command: bridle.Typed)

---@type table<string, bridle.Subcommand>
local subcommands = {
  edit = function(client, rest, command)
    local place = M.place(command)
    client_module.with_instruction(rest, function(instruction)
      client_module.execute(client, "bridle.edit", vim.tbl_extend("error", place, { instruction = instruction }))
    end)
  end,
  run = function(client, rest, command)
    local workflow, instruction = rest:match("^(%S+)%s*(.*)$")
    local whole = workflow == nil or (workflow == "review" and command.range == 0)
    local place = whole and {} or M.place(command)
    local argument = { workflow = workflow, instruction = instruction }
    client_module.execute(client, "bridle.run", vim.tbl_extend("error", place, argument))
  end,
  verify = function(client)
    client_module.execute(client, "bridle.verify", {})
  end,
  baseline = function(client, rest, command)
    if rest == "undo" then
      client_module.execute(client, "bridle.takeBackFinding", {})
    else
      client_module.execute(client, "bridle.acceptFinding", M.place(command))
    end
  end,
  unmute = function(client)
    client_module.execute(client, "bridle.unmute", {})
  end,
  log = function(client, check)
    client_module.execute(client, "bridle.log", M.named("check", check))
  end,
  undo = function(client, run)
    client_module.execute(client, "bridle.undo", M.named("run", run))
  end,
  rollback = function(client, rest)
    client_module.execute(client, "bridle.rollback", M.step(rest))
  end,
  fork = function(client, rest)
    client_module.execute(client, "bridle.fork", M.step(rest))
  end,
  sessions = function(client)
    require("bridle.runs").pick(client)
  end,
  context = function(client, rest, command)
    client_module.execute(
      client,
      "bridle.context",
      vim.tbl_extend("error", M.place(command), M.named("instruction", rest))
    )
  end,
  pin = function(client, _, command)
    local whole = command.range == 0
    client_module.execute(client, "bridle.pin", whole and { uri = vim.uri_from_bufnr(0) } or M.place(command))
  end,
  exclude = function(client, pattern)
    local about = pattern == "" and { uri = vim.uri_from_bufnr(0) } or { pattern = pattern }
    client_module.execute(client, "bridle.exclude", about)
  end,
  unpin = function(client, pattern)
    client_module.execute(client, "bridle.clearContext", M.named("pattern", pattern))
  end,
  whynot = function(client, rest)
    local argument = { uri = vim.uri_from_bufnr(0) }
    client_module.execute(client, "bridle.whyNot", vim.tbl_extend("error", argument, M.named("instruction", rest)))
  end,
  take = function(client)
    require("bridle.review").decide(client, "bridle.accept")
  end,
  leave = function(client)
    require("bridle.review").decide(client, "bridle.reject")
  end,
  trust = function(client)
    client_module.execute(client, "bridle.trust", {})
  end,
  pause = function(client)
    client_module.execute(client, "bridle.pauseIndexing", {})
  end,
  resume = function(client)
    client_module.execute(client, "bridle.resumeIndexing", {})
  end,
  status = function(client)
    local status = require("bridle.status").of(client) or { text = "ready", state = "ready" }
    local lines = { "Bridle: " .. status.text, status.detail }
    vim.notify(table.concat(lines, "\n"))
  end,
}

for _, name in ipairs({ "fix", "explain", "again", "revert", "mute" }) do
  subcommands[name] = function(client, _, command)
    client_module.execute(client, "bridle." .. name, M.place(command))
  end
end

for _, name in ipairs({ "accept", "reject", "refresh", "show" }) do
  subcommands[name] = function(client, proposal)
    client_module.execute(client, "bridle." .. name, M.named("proposal", proposal))
  end
end

---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local name, rest = command.args:match("^(%S+)%s*(.*)$")
  if name == "restart" then
    return M.restart()
  end
  local client = client_module.of()
  if not subcommands[name] then
    vim.notify(
      ("Bridle: no subcommand %q; there are %s"):format(name, table.concat(M.names(), ", ")),
      vim.log.levels.ERROR
    )
  elseif not client then
    vim.notify("Bridle: no server is running; :checkhealth bridle says why.", vim.log.levels.WARN)
  else
    subcommands[name](client, rest, command)
  end
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  if line:match("^%S*Bridle!?%s+%S*$") == nil then
    return {}
  end
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, M.names())
end

---@return string[]
function M.names()
  local names = vim.list_extend({ "restart" }, vim.tbl_keys(subcommands))
  table.sort(names)
  return names
end

--- The lines of the command's range, whole; the cursor's place where there was none.
---@param command vim.api.keyset.create_user_command.command_args
function M.place(command)
  local first, last = vim.api.nvim_win_get_cursor(0)[1] - 1, nil
  if command.range > 0 then
    first, last = command.line1 - 1, command.line2
  end
  return {
    uri = vim.uri_from_bufnr(0),
    range = {
      start = { line = first, character = 0 },
      ["end"] = { line = last or first, character = 0 },
    },
  }
end

--- A run and a step of it, each left out where it is not given.
---@param rest string
---@return table<string, string|integer>
function M.step(rest)
  local run, step = rest:match("^(%S*)%s*(%d*)%s*$")
  return vim.tbl_extend("error", M.named("run", run or rest), { to = tonumber(step) })
end

---@param key string
---@param value string
---@return table<string, string>
function M.named(key, value)
  return value ~= "" and { [key] = value } or {}
end

--- Stop the server, wait without blocking until it is gone, and start it for the same buffers.
function M.restart()
  local clients = vim.lsp.get_clients({ name = "bridle" })
  vim.lsp.enable("bridle", false)
  vim.iter(clients):each(function(client)
    client:stop()
  end)
  local deadline = vim.uv.now() + RESTART_MS
  local function start()
    local gone = vim.iter(clients):all(function(client)
      return client:is_stopped()
    end)
    if gone or vim.uv.now() > deadline then
      vim.lsp.enable("bridle")
    else
      vim.defer_fn(start, 20)
    end
  end
  start()
end

return M
