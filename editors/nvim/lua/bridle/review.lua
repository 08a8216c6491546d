--- The hunks on offer, drawn where they stand: what would go is marked, what would come is shown below it. `]h` and
--- `[h` lead from one to the next while there are some; `:Bridle take` and `:Bridle leave` decide on the one at the
--- cursor.

local client_module = require("bridle.client")

local M = {}
local SPACE = vim.api.nvim_create_namespace("bridle.review")
local KEYS = { ["]h"] = 1, ["[h"] = -1 }
local watched = {} ---@type table<integer, true>
local drawn = {} ---@type table<integer, table<integer, bridle.Hunk>> by buffer and extmark
local mapped = {} ---@type table<integer, string[]> the keys that were set, by buffer

---@class bridle.Hunk What `bridle.hunks` tells of a stretch of lines.
---@field proposal string
---@field hunks string[] which stand or fall together
---@field title string
---@field badge string
---@field start integer 0-based
---@field end integer
---@field text string
---@field broken boolean

--- Draw what is on offer whenever the server says that something changed, until the client is gone.
---@param client vim.lsp.Client
function M.watch(client)
  if watched[client.id] then
    return
  end
  watched[client.id] = true
  vim.api.nvim_create_autocmd("User", {
    pattern = "BridleStatus",
    group = vim.api.nvim_create_augroup("bridle.review." .. client.id, {}),
    callback = function(event)
      if client:is_stopped() then
        return true
      end
      local offered = event.data.text:find("proposal", 1, true) ~= nil
      for bufnr in pairs(client.attached_buffers) do
        if offered or drawn[bufnr] then
          M.refresh(client, bufnr)
        end
      end
    end,
  })
end

---@param client vim.lsp.Client
---@param bufnr integer
function M.refresh(client, bufnr)
  client_module.execute(client, "bridle.hunks", { uri = vim.uri_from_bufnr(bufnr) }, function(answer)
    if vim.api.nvim_buf_is_loaded(bufnr) then
      M.draw(bufnr, answer.hunks)
    end
  end)
end

---@param bufnr integer
---@param hunks bridle.Hunk[]
function M.draw(bufnr, hunks)
  vim.api.nvim_buf_clear_namespace(bufnr, SPACE, 0, -1)
  drawn[bufnr] = #hunks > 0 and {} or nil
  local n_lines = vim.api.nvim_buf_line_count(bufnr)
  for _, hunk in ipairs(hunks) do
    local row, last = math.min(hunk.start, n_lines - 1), math.min(hunk["end"], n_lines)
    local words = (" %s: :Bridle take, :Bridle leave"):format(hunk.title)
    local fresh = hunk.text == "" and {} or vim.split(hunk.text:gsub("\n$", ""), "\n")
    local mark = vim.api.nvim_buf_set_extmark(bufnr, SPACE, row, 0, {
      end_row = math.max(last, row),
      hl_group = last > row and "DiffDelete" or nil,
      hl_eol = last > row,
      virt_text = { { words, "Comment" } },
    })
    vim.api.nvim_buf_set_extmark(bufnr, SPACE, math.max(last - 1, row), 0, {
      virt_lines = vim.tbl_map(function(line)
        return { { line, "DiffAdd" } }
      end, fresh),
      virt_lines_above = last == row and hunk.start < n_lines,
    })
    drawn[bufnr][mark] = hunk
  end
  M.map(bufnr, #hunks > 0)
end

--- Set the keys that are free in this buffer, or take those away that were set.
---@param bufnr integer
---@param wanted boolean
function M.map(bufnr, wanted)
  if wanted and not mapped[bufnr] then
    mapped[bufnr] = {}
    for key, direction in pairs(KEYS) do
      local taken = vim.iter(vim.api.nvim_buf_get_keymap(bufnr, "n")):any(function(each)
        return each.lhs == key
      end)
      if not taken then
        table.insert(mapped[bufnr], key)
        vim.keymap.set("n", key, function()
          M.jump(direction)
        end, { buffer = bufnr, desc = "Bridle: " .. (direction > 0 and "next" or "previous") .. " hunk" })
      end
    end
  elseif not wanted and mapped[bufnr] then
    for _, key in ipairs(mapped[bufnr]) do
      vim.keymap.del("n", key, { buffer = bufnr })
    end
    mapped[bufnr] = nil
  end
end

--- Where the hunks of a buffer stand now, by their lines.
---@param bufnr integer
---@return { row: integer, last: integer, hunk: bridle.Hunk }[]
function M.places(bufnr)
  local places = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(bufnr, SPACE, 0, -1, { details = true })) do
    local id, row, _, details = unpack(mark)
    local hunk = (drawn[bufnr] or {})[id]
    if hunk then
      table.insert(places, { row = row, last = math.max(row, (details.end_row or row) - 1), hunk = hunk })
    end
  end
  return places
end

---@param direction 1|-1
function M.jump(direction)
  local here = vim.api.nvim_win_get_cursor(0)[1] - 1
  local places = M.places(vim.api.nvim_get_current_buf())
  local ahead = vim.tbl_filter(function(place)
    return (place.row - here) * direction > 0
  end, places)
  local goal = direction > 0 and (ahead[1] or places[1]) or (ahead[#ahead] or places[#places])
  if goal then
    vim.api.nvim_win_set_cursor(0, { goal.row + 1, 0 })
  end
end

--- Decide on the hunk at the cursor.
---@param client vim.lsp.Client
---@param command string
function M.decide(client, command)
  local here = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, place in ipairs(M.places(vim.api.nvim_get_current_buf())) do
    if place.row <= here and here <= place.last then
      client_module.execute(client, command, { proposal = place.hunk.proposal, hunks = place.hunk.hunks })
      return
    end
  end
  vim.notify("Bridle: no hunk is on offer at this line; ]h leads to the next", vim.log.levels.WARN)
end

return M
