--- What a person does with Bridle in Neovim. Each scenario runs against the stand-in and the real server alike.

local probe = require("probe")
local scene = probe.scene
local M = {}

--- Say yes to the question that the server asks.
local function trust()
  vim.ui.select = function(items, _, choose)
    choose(items[1], 1)
  end
  vim.cmd("Bridle trust")
end

local function open_both()
  local source = probe.open(scene.source_file)
  local test = probe.open(scene.test_file)
  return source, test
end

--- From the failing test to a proposal for the source.
local function propose(meanwhile)
  local source, test = open_both()
  trust()
  probe.diagnostic(test, scene.finding_source)
  probe.choose(test, scene.finding_line, "bridle.fix")
  if meanwhile then
    meanwhile(source)
  end
  local offer = probe.diagnostic(source, "bridle", "verified")
  return source, offer
end

local function has(bufnr, text)
  return function()
    return probe.text(bufnr):find(text, 1, true) ~= nil
  end
end

function M.finding()
  local _, test = open_both()
  trust()
  local finding = probe.diagnostic(test, scene.finding_source)
  probe.same("line", finding.lnum, scene.finding_line)
  probe.note("statusline", require("bridle").statusline())
end

function M.untrusted()
  vim.ui.select = function(items, _, choose)
    choose(items[#items], #items)
  end
  local _, test = open_both()
  vim.cmd("Bridle trust")
  vim.cmd("Bridle fix")
  vim.cmd("Bridle verify")
  local params = { command = "bridle.status", arguments = { vim.empty_dict() } }
  probe.client():request_sync("workspace/executeCommand", params, 5000, test)
  probe.same("diagnostics", vim.diagnostic.get(), {})
  probe.note("statusline", require("bridle").statusline())
end

function M.one_undo_takes_the_fix()
  local source, offer = propose()
  local before = probe.text(source)
  probe.choose(source, offer.lnum, "bridle.accept")
  probe.wait("the fix landed", has(source, scene.right))
  probe.type("u")
  probe.same("after one u", probe.text(source), before)
  probe.type("<C-r>")
  assert(has(source, scene.right)(), "redo brings it back")
end

function M.lines_typed_above_while_it_runs()
  local typed = "# one\n# two\n# three\n"
  local source, offer = propose(function(bufnr)
    vim.api.nvim_set_current_buf(bufnr)
    probe.type("ggO# one<CR># two<CR># three<Esc>")
  end)
  local before = probe.text(source)
  probe.same("typed", before:sub(1, #typed), typed)
  probe.choose(source, offer.lnum, "bridle.accept")
  probe.wait("the fix landed", has(source, scene.right))
  local expected = before:gsub(vim.pesc(scene.wrong), (scene.right:gsub("%%", "%%%%")))
  probe.same("landed text", probe.text(source), expected)
  probe.type("u")
  probe.same("after one u", probe.text(source), before)
end

function M.landing_while_in_insert_mode()
  local source, offer = propose()
  local before = probe.text(source)
  vim.api.nvim_set_current_buf(source)
  probe.type("Go# typed before")
  probe.same("mode", vim.api.nvim_get_mode().mode, "i")
  local typed = probe.text(source)
  vim.schedule(function()
    vim.cmd("Bridle accept")
  end)
  probe.wait("the fix landed", has(source, scene.right))
  probe.same("mode", vim.api.nvim_get_mode().mode, "i")
  probe.type(" and after<Esc>")
  assert(has(source, "# typed before and after")(), "typing went on at its place")
  probe.type("u")
  assert(has(source, "# typed before")() and has(source, scene.right)(), "u takes what was typed after")
  probe.type("u")
  probe.same("second u takes the fix alone", probe.text(source), typed)
  probe.type("u")
  probe.same("third u takes what was typed before", probe.text(source), before)
  probe.note("offer", offer.message)
end

function M.undo_command_keeps_later_typing()
  local source, offer = propose()
  local before = probe.text(source)
  probe.choose(source, offer.lnum, "bridle.accept")
  probe.wait("the fix landed", has(source, scene.right))
  vim.api.nvim_set_current_buf(source)
  probe.type("Go# later<Esc>")
  vim.cmd("Bridle undo")
  probe.wait("the fix is gone", has(source, scene.wrong))
  probe.same("text", probe.text(source), before .. "\n# later")
end

function M.other_tools_are_reported()
  local _, test = open_both()
  local namespace = vim.api.nvim_create_namespace("another tool")
  vim.diagnostic.set(namespace, test, { { lnum = 0, col = 0, message = "unused", source = "Ruff" } })
  probe.wait("the server heard of it", function()
    local heard = vim.fn.filereadable(scene.heard) == 1 and table.concat(vim.fn.readfile(scene.heard)) or ""
    return heard:find("Ruff", 1, true)
  end)
end

function M.edit_asks_for_an_instruction()
  local source = open_both()
  trust()
  vim.ui.input = function(_, answer)
    answer("make it right")
  end
  probe.choose(source, scene.wrong_line, "bridle.edit")
  probe.diagnostic(source, "bridle", "verified")
end

function M.command_line()
  open_both()
  probe.same("completion", vim.fn.getcompletion("Bridle re", "cmdline"), { "reject", "restart" })
  probe.same("one word only", vim.fn.getcompletion("Bridle edit re", "cmdline"), {})
  local old = probe.client().id
  vim.cmd("Bridle restart")
  probe.wait("another client", function()
    local clients = vim.lsp.get_clients({ name = "bridle", bufnr = 0 })
    return #clients == 1 and clients[1].id ~= old and clients[1].initialized
  end)
  vim.cmd("Bridle frobnicate")
  vim.cmd("checkhealth bridle")
  probe.wait("the health report", function()
    return vim.bo.filetype == "checkhealth" and probe.text(0):find("Serving", 1, true)
  end)
end

return M
