--- `:Bridle sessions`: pick a run, then what to do with it, then a step where it needs one. All by `vim.ui.select`.

local client_module = require("bridle.client")

local M = {}

---@class bridle.Run What `bridle.sessions` tells of a run.
---@field id string
---@field title string
---@field state string
---@field started number seconds since the epoch
---@field resumable boolean
---@field live boolean

---@class bridle.Step What `bridle.story` tells of a step.
---@field seq integer
---@field text string
---@field stands boolean

---@class bridle.Act
---@field title string
---@field command string
---@field at_step? boolean it needs a step of the run
---@field show? boolean
---@field wants? fun(run: bridle.Run): boolean whether it can be done with a run

---@param run bridle.Run
local function resumable(run)
  return run.resumable
end

---@param run bridle.Run
local function live(run)
  return run.live
end

---@type bridle.Act[]
local acts = {
  { title = "show it", command = "bridle.story", show = true },
  { title = "resume it", command = "bridle.resume", wants = resumable },
  { title = "stop it", command = "bridle.cancel", wants = live },
  { title = "take it back to a step", command = "bridle.rollback", at_step = true },
  { title = "fork it at a step", command = "bridle.fork", at_step = true },
  { title = "give it up", command = "bridle.discard", wants = resumable },
}

---@param client vim.lsp.Client
function M.pick(client)
  client_module.execute(client, "bridle.sessions", {}, function(answer)
    if #answer.sessions == 0 then
      return vim.notify("Bridle: no runs yet")
    end
    vim.ui.select(answer.sessions, { prompt = "Bridle, which run?", format_item = M.line }, function(run)
      if run then
        M.pick_act(client, run)
      end
    end)
  end)
end

---@param client vim.lsp.Client
---@param run bridle.Run
function M.pick_act(client, run)
  local possible = vim.tbl_filter(function(act)
    return act.wants == nil or act.wants(run)
  end, acts)
  local titled = function(act)
    return act.title
  end
  vim.ui.select(possible, { prompt = "Bridle, what with it?", format_item = titled }, function(act)
    if act and act.at_step then
      M.pick_step(client, run, act)
    elseif act then
      client_module.execute(client, act.command, { run = run.id, show = act.show })
    end
  end)
end

---@param client vim.lsp.Client
---@param run bridle.Run
---@param act bridle.Act
function M.pick_step(client, run, act)
  client_module.execute(client, "bridle.story", { run = run.id }, function(answer)
    local latest_first = vim.iter(answer.steps):rev():totable()
    vim.ui.select(latest_first, { prompt = "Bridle, which step?", format_item = M.step }, function(step)
      if step then
        client_module.execute(client, act.command, { run = run.id, to = step.seq })
      end
    end)
  end)
end

---@param run bridle.Run
---@return string
function M.line(run)
  return ("%s  %s (%s)"):format(os.date("%m-%d %H:%M", math.floor(run.started)), run.title, run.state)
end

---@param step bridle.Step
---@return string
function M.step(step)
  return ("%4d  %s%s"):format(step.seq, step.text, step.stands and "" or " (cut by going back)")
end

return M
