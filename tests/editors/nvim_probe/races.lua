--- A person who goes on typing while an edit is on its way: after the server sent it, before Neovim applies it. The
--- server knows nothing of what was typed then until the edit has come, or was dropped.

local probe = require("probe")
local scene = probe.scene

--- Do something when the n-th edit that the server sends is here, before Neovim or the plugin looks at it.
---@param number integer
---@param act fun()
local function before_edit(number, act)
  local handlers, count = probe.client().handlers, 0
  local apply = handlers["workspace/applyEdit"]
  handlers["workspace/applyEdit"] = function(...)
    count = count + 1
    if count == number then
      act()
    end
    return apply(...)
  end
end

--- Type keys in a buffer at once, as far as they go.
---@param bufnr integer
---@param keys string
local function type_now(bufnr, keys)
  vim.api.nvim_set_current_buf(bufnr)
  vim.api.nvim_feedkeys(vim.keycode(keys), "nx", false)
end

--- Go to the end of the line that is wrong, as keys.
local function to_wrong_line(bufnr)
  local number = vim.iter(ipairs(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false))):find(function(_, line)
    return line == scene.wrong
  end)
  return number .. "G"
end

---@param propose fun(): integer
---@param has fun(bufnr: integer, text: string): fun(): boolean
---@return table<string, fun()>
return function(propose, has)
  local M = {}

  --- A verified proposal, and the run behind it over.
  local function quiet_proposal()
    local source = propose()
    probe.said("Accept, show or reject it by code action")
    return source
  end

  --- The proposal still waits for a decision, and says that it cannot land as it is.
  local function kept(bufnr)
    probe.diagnostic(bufnr, "bridle", "needs refresh")
  end

  function M.typed_around_between_send_and_apply()
    local source = quiet_proposal()
    local before = probe.text(source)
    before_edit(1, function()
      type_now(source, "ggO# above<CR># it<Esc>Go# below<Esc>")
    end)
    vim.cmd("Bridle accept")
    probe.wait("the fix landed", has(source, scene.right))
    local typed = "# above\n# it\n" .. before .. "\n# below"
    probe.same("landed text", probe.text(source), (typed:gsub(vim.pesc(scene.wrong), scene.right)))
    probe.said("not saved yet: " .. scene.source_file)
    probe.type("u")
    probe.same("one u takes the fix alone", probe.text(source), typed)
  end

  --- Without the plugin, Neovim looks at no version where the buffer was never changed since it was opened.
  function M.typed_above_in_a_bare_client_between_send_and_apply()
    local source = quiet_proposal()
    local before = probe.text(source)
    probe.client().handlers["workspace/applyEdit"] = function(...)
      return vim.lsp.handlers["workspace/applyEdit"](...)
    end
    before_edit(1, function()
      type_now(source, "ggO# above<CR># it<Esc>")
    end)
    vim.cmd("Bridle accept")
    probe.said("not saved yet: " .. scene.source_file)
    local typed = "# above\n# it\n" .. before
    probe.same("landed text", probe.text(source), (typed:gsub(vim.pesc(scene.wrong), scene.right)))
  end

  function M.typed_inside_between_send_and_apply()
    local source = quiet_proposal()
    local before = probe.text(source)
    before_edit(1, function()
      type_now(source, to_wrong_line(source) .. "A  # mine<Esc>")
    end)
    vim.cmd("Bridle accept")
    probe.said("nothing was changed")
    local typed = before:gsub(vim.pesc(scene.wrong), scene.wrong .. "  # mine")
    probe.same("text", probe.text(source), typed)
    kept(source)
  end

  --- A proposal for two files; their edits are sent one after the other, the source's last.
  ---@param keys fun(source: integer): string typed into the source while its edit is on its way
  local function accept_both(keys)
    local first = probe.open(scene.second_file)
    local source = quiet_proposal()
    local before = probe.text(first)
    before_edit(2, function()
      probe.same("the first file has its edit", has(first, scene.second_right)(), true)
      type_now(source, keys(source))
    end)
    vim.cmd("Bridle accept")
    return source, first, before
  end

  function M.typed_into_a_second_file_between_send_and_apply()
    local source, first, before = accept_both(function(source)
      return to_wrong_line(source) .. "A  # mine<Esc>"
    end)
    probe.said("nothing was changed")
    probe.same("the first file", probe.text(first), before)
    assert(has(source, scene.wrong .. "  # mine")(), "what was typed is there")
    kept(source)
  end

  function M.typed_above_in_a_second_file_between_send_and_apply()
    local source, first, before = accept_both(function()
      return "ggO# above<Esc>"
    end)
    probe.said("not saved yet: " .. scene.second_file .. ", " .. scene.source_file)
    probe.same("its first line", vim.api.nvim_buf_get_lines(source, 0, 1, true), { "# above" })
    assert(has(source, scene.right)() and not has(source, scene.wrong)(), "the source has its edit")
    vim.cmd("Bridle undo")
    probe.wait("the source has it no more", has(source, scene.wrong))
    probe.wait("the first file is as it was", function()
      return probe.text(first) == before
    end)
    probe.same("its first line", vim.api.nvim_buf_get_lines(source, 0, 1, true), { "# above" })
  end

  --- Write the file as another program would, below the editor.
  local function write_elsewhere(bufnr, lines)
    vim.fn.writefile(lines, vim.api.nvim_buf_get_name(bufnr))
  end

  --- A formatter takes the whole text, as `:%!` does, and another program writes the file: neither moves the proposal
  --- to a wrong line.
  function M.saved_by_a_formatter_and_read_again_while_a_proposal_stands()
    local source = quiet_proposal()
    vim.api.nvim_create_autocmd("BufWritePre", {
      buffer = source,
      callback = function()
        vim.cmd([[silent %!sed -e 's/  *$//']])
      end,
    })
    vim.api.nvim_set_current_buf(source)
    probe.type("ggO# typed   <Esc>")
    vim.cmd("silent write")
    probe.same("formatted", vim.api.nvim_buf_get_lines(source, 0, 1, true), { "# typed" })
    write_elsewhere(source, vim.list_extend({ "# from elsewhere" }, vim.api.nvim_buf_get_lines(source, 0, -1, true)))
    vim.cmd("silent checktime")
    probe.wait("it is read again", has(source, "# from elsewhere"))
    local before = probe.text(source)
    local offer = probe.diagnostic(source, "bridle")
    probe.note("offer", offer.message)
    vim.cmd("Bridle accept")
    probe.wait("it is decided", function()
      return has(source, scene.right)() or probe.heard("nothing was changed")
    end)
    local landed = before:gsub(vim.pesc(scene.wrong), scene.right)
    local text = probe.text(source)
    probe.note("landed", text == landed)
    assert(text == landed or text == before, text)
  end

  return M
end
