--- What a person does with Bridle in Neovim.

local probe = require("probe")
local scene = probe.scene
local M = {}
local YES, NO = 1, 2

--- Answer every question of the server with its first or second choice.
---@return { times: integer } asked
local function answer(choice)
  local asked = { times = 0 }
  vim.ui.select = function(items, _, choose)
    asked.times = asked.times + 1
    choose(items[choice], choice)
  end
  return asked
end

--- Answer each question that has certain words by the choice that has others.
---@param choices [string, string][]
---@return string[] asked
local function picks(choices)
  local asked = {}
  vim.ui.select = function(items, options, choose)
    for _, choice in ipairs(choices) do
      if options.prompt:find(choice[1], 1, true) then
        table.insert(asked, choice[1])
        local item = vim.iter(items):find(function(each)
          return options.format_item(each):find(choice[2], 1, true) ~= nil
        end)
        return choose(assert(item, choice[2]))
      end
    end
  end
  return asked
end

local function open_both()
  local source = probe.open(scene.source_file)
  local test = probe.open(scene.test_file)
  return source, test
end

--- Up to the failing test's finding, in a folder that the person trusts.
local function find()
  local source, test = open_both()
  answer(YES)
  vim.cmd("Bridle trust")
  return source, test, probe.diagnostic(test, "bridle·pytest")
end

--- From the failing test to a verified proposal for the source; its badge says so when the text moved on meanwhile.
---@param meanwhile? fun(source: integer)
local function propose(meanwhile)
  local source, test = find()
  probe.choose(test, scene.finding_line, "bridle.fix")
  if meanwhile then
    meanwhile(source)
  end
  return source, probe.diagnostic(source, "bridle", meanwhile and "stale" or "verified")
end

local function has(bufnr, text)
  return function()
    return probe.text(bufnr):find(text, 1, true) ~= nil
  end
end

local function accept(source, offer)
  probe.choose(source, offer.lnum, "bridle.accept")
  probe.wait("the fix landed", has(source, scene.right))
  probe.wait("the landing is over", function()
    return not vim.iter(vim.diagnostic.get(source)):any(function(each)
      return each.source == "bridle"
    end)
  end)
end

function M.finding()
  local kinds = {} ---@type table<string, true>
  vim.api.nvim_create_autocmd("LspProgress", {
    callback = function(event)
      kinds[event.data.params.value.kind] = true
    end,
  })
  local _, _, finding = find()
  probe.same("line", finding.lnum, scene.finding_line)
  probe.wait("the work is done", function()
    return require("bridle").statusline() == "Bridle: ready"
  end)
  assert(kinds.begin and kinds["end"], "Neovim was told of work under way: " .. vim.inspect(kinds))
end

function M.untrusted()
  local _, test = open_both()
  local asked = answer(NO)
  vim.cmd("Bridle trust")
  vim.cmd("Bridle verify")
  probe.wait("both asked for trust", function()
    return asked.times == 2
  end)
  vim.cmd("Bridle fix")
  probe.said("there is no finding")
  probe.same("diagnostics", vim.diagnostic.get(test), {})
  probe.same("statusline", require("bridle").statusline(), "Bridle: not trusted")
end

function M.one_undo_takes_the_fix()
  local source, offer = propose()
  local before = probe.text(source)
  accept(source, offer)
  probe.said("not saved yet: " .. scene.source_file)
  probe.type("u")
  probe.same("after one u", probe.text(source), before)
  probe.type("<C-r>")
  assert(has(source, scene.right)(), "redo brings it back")
end

--- What the person reads in the window that a hover opens, once all of `wanted` is in it.
---@param wanted string[]
---@return string
local function hovered(wanted)
  local text
  probe.wait("a hover says " .. table.concat(wanted, ", "), function()
    vim.cmd("silent! fclose!")
    vim.lsp.buf.hover()
    vim.wait(500, function()
      for _, window in ipairs(vim.api.nvim_list_wins()) do
        if vim.api.nvim_win_get_config(window).relative ~= "" then
          text = probe.text(vim.api.nvim_win_get_buf(window))
          return true
        end
      end
      return false
    end)
    return vim.iter(wanted):all(function(each)
      return (text or ""):find(each, 1, true) ~= nil
    end)
  end)
  vim.cmd("silent! fclose!")
  return text
end

function M.a_hover_tells_whose_a_line_is()
  local source, offer = propose()
  accept(source, offer)
  probe.wait("the change landed", has(source, scene.right))
  vim.api.nvim_set_current_buf(source)
  vim.api.nvim_win_set_cursor(0, { scene.wrong_line + 1, 0 })
  probe.note("line", hovered({ "this line was written by run", "accepted by you" }))
  vim.fn.search("def percent", "w")
  vim.fn.search("percent")
  probe.note("name", hovered({ "caller", "last change:", "Begin the till", "tests reach this", "written by run" }))
  vim.api.nvim_win_set_cursor(0, { scene.wrong_line + 1, 0 })
  probe.type("A  # mine<Esc>")
  probe.note("edited", hovered({ "edited since run" }))
end

function M.lines_typed_above_while_it_runs()
  local typed = "# one\n# two\n# three\n"
  local source, offer = propose(function(bufnr)
    vim.api.nvim_set_current_buf(bufnr)
    probe.type("ggO# one<CR># two<CR># three<Esc>")
  end)
  local before = probe.text(source)
  probe.same("typed", before:sub(1, #typed), typed)
  accept(source, offer)
  probe.same("landed text", probe.text(source), (before:gsub(vim.pesc(scene.wrong), scene.right)))
  probe.type("u")
  probe.same("after one u", probe.text(source), before)
end

function M.landing_while_in_insert_mode()
  local source = propose()
  local before = probe.text(source)
  vim.api.nvim_set_current_buf(source)
  probe.type("Go# typed before")
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
end

function M.undo_command_keeps_later_typing()
  local source, offer = propose()
  local before = probe.text(source)
  accept(source, offer)
  vim.api.nvim_set_current_buf(source)
  probe.type("Go# later<Esc>")
  vim.cmd("Bridle undo")
  probe.wait("the fix is gone", has(source, scene.wrong))
  probe.same("text", probe.text(source), before .. "\n# later")
end

function M.chosen_from_in_a_preview()
  local source, offer = propose()
  local before = probe.text(source)
  local asked = {}
  vim.fn.confirm = function(message)
    table.insert(asked, message)
    return message:find("hunk 2 of 2", 1, true) and 1 or 2
  end
  probe.choose_titled(source, offer.lnum, "review in the editor's own preview")
  probe.wait("the fix landed", has(source, scene.right))
  probe.said("hunk 2 of 2 taken, not verified as chosen")
  probe.same("how many files were asked about", #asked, 2)
  assert(table.concat(asked):find("as a whole verified: ", 1, true), table.concat(asked))
  probe.said("(hunk 2 of 2)")
  local second = vim.fn.bufnr(scene.second_file)
  assert(second > 0 and not has(second, scene.second_right)(), "what was answered no to is not taken")
  vim.cmd("Bridle undo")
  probe.wait("just that is taken back", function()
    return probe.text(source) == before
  end)
end

function M.keys_lead_through_hunks()
  local source, fix = propose()
  local before = probe.text(source)
  vim.api.nvim_set_current_buf(source)
  probe.wait("both keys lead to hunks", function()
    return vim.fn.maparg("]h", "n") ~= "" and vim.fn.maparg("[h", "n") ~= ""
  end)
  local function at()
    return vim.api.nvim_win_get_cursor(0)[1] - 1
  end
  local seen = {}
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(source), 0 })
  for _, key in ipairs({ "[h", "[h", "[h", "]h", "]h", "[h" }) do
    probe.type(key)
    table.insert(seen, at())
  end
  local word = seen[2]
  local rate = vim.iter(vim.diagnostic.get(source)):find(function(each)
    return each.source == "bridle" and each.lnum ~= word
  end).lnum
  probe.same("where the keys lead", seen, { rate, word, rate, word, rate, word })
  assert(word < rate and fix.lnum >= word, "the first hunk stands above the second")
  probe.type("]h")
  vim.cmd("Bridle take")
  probe.wait("the fix landed", has(source, scene.right))
  probe.said("(hunk 2 of 2)")
  assert(not has(source, "pieces of it")(), "the other hunk is not taken with it")
  probe.wait("one hunk is left", function()
    return #vim.diagnostic.get(source) == 1
  end)
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(source), 0 })
  probe.wait("[h leads to the one that is left", function()
    probe.type("[h")
    return at() == word
  end)
  vim.cmd("Bridle leave")
  probe.wait("nothing is on offer", function()
    return #vim.diagnostic.get(source) == 0 and vim.fn.maparg("[h", "n") == ""
  end)
  assert(not has(source, "pieces of it")(), "what was left is not taken")
  vim.cmd("Bridle undo")
  probe.wait("the one that was taken is taken back", function()
    return probe.text(source) == before
  end)
end

function M.one_hunk_is_taken_and_the_other_left()
  local source, offer = propose()
  local second = probe.open(scene.second_file)
  local other = probe.diagnostic(second, "bridle", "verified")
  assert(other.message:find("hunk 1 of 2", 1, true) or other.message:find("on offer", 1, true), other.message)
  vim.lsp.codelens.enable(true, { bufnr = source })
  probe.wait("the lenses show", function()
    return vim.iter(vim.lsp.codelens.get({ bufnr = source })):any(function(each)
      return each.lens.command and each.lens.command.title == "leave hunk 2 of 2"
    end)
  end)
  probe.choose_titled(source, offer.lnum, "hunk 2 of 2 alone")
  probe.wait("the fix landed", has(source, scene.right))
  probe.said("(hunk 2 of 2)")
  assert(not has(second, scene.second_right)(), "the other hunk is not taken with it")
  vim.api.nvim_set_current_buf(second)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  vim.cmd("Bridle leave")
  probe.said("no hunk is on offer at this line")
  probe.wait("]h leads to hunks", function()
    return vim.fn.maparg("]h", "n") ~= ""
  end)
  probe.type("]h")
  probe.same("where ]h leads", vim.api.nvim_win_get_cursor(0)[1] - 1, other.lnum)
  local shown = vim.iter(vim.api.nvim_buf_get_extmarks(second, -1, 0, -1, { details = true })):any(function(mark)
    return vim.inspect(mark[4].virt_lines or ""):find("half a cent up", 1, true) ~= nil
  end)
  assert(shown, "what would come is shown")
  vim.cmd("Bridle leave")
  probe.wait("nothing is on offer", function()
    return #vim.diagnostic.get(second) == 0 and require("bridle").statusline() == "Bridle: ready"
  end)
  assert(not has(second, scene.second_right)(), "what was left is not taken")
  probe.wait("]h is free again", function()
    return vim.fn.maparg("]h", "n") == ""
  end)
  local asked = picks({
    { "which run", "Fix tests/test_money.py" },
    { "what with it", "take it back" },
    { "which step", "1  fix: " },
  })
  vim.cmd("Bridle sessions")
  probe.wait("the run is taken back", has(source, scene.wrong))
  probe.same("questions", asked, { "which run", "what with it", "which step" })
end

--- With the real servers of ruff and pyright on the same buffers nothing is said or offered twice.
local function beside_real_servers()
  local typed = vim.fs.joinpath(vim.fs.dirname(scene.lint_file), "typed.py")
  vim.fn.writefile({ 'TOTAL: int = "three"', "" }, vim.fs.joinpath(scene.root, typed))
  probe.beside("ruff", "ruff", "server")
  probe.beside("pyright", "pyright-langserver", "--stdio")
  local lint = probe.open(scene.lint_file)
  local types = probe.open(typed)
  local unused = probe.diagnostic(lint, "Ruff", "F401")
  local again = vim.uv.new_timer() -- that server at times says nothing of a file that was opened while it started
  again:start(
    20000,
    20000,
    vim.schedule_wrap(function()
      vim.api.nvim_buf_set_lines(types, -1, -1, false, { "" })
    end)
  )
  local wrong = probe.diagnostic(types, "Pyright")
  again:close()
  local fresh = scene.root .. "/tests/test_fresh.py" -- its finding tells that this very verification has come to an end
  vim.fn.writefile({ "def test_fresh():", "    assert 1 == 2", "" }, fresh)
  vim.cmd("Bridle verify")
  probe.diagnostic(vim.fn.bufadd(fresh), "bridle·pytest")
  probe.wait("Bridle leaves lint and types to them", function()
    local sources = vim
      .iter(vim.diagnostic.get())
      :map(function(each)
        return each.source
      end)
      :totable()
    return not vim.list_contains(sources, "bridle·ruff") and not vim.list_contains(sources, "bridle·mypy")
  end)
  for bufnr, at in pairs({ [lint] = unused.lnum, [types] = wrong.lnum }) do
    probe.same(
      "Bridle's own at their lines",
      vim.tbl_filter(function(each)
        return vim.startswith(each.source, "bridle")
      end, vim.diagnostic.get(bufnr, { lnum = at })),
      {}
    )
  end
  local fixes = vim.tbl_filter(function(title)
    return title:find("unused", 1, true) or title:find("own fix", 1, true)
  end, probe.offered(lint, unused.lnum))
  probe.same(
    "fixes of the unused import",
    vim.tbl_map(function(title)
      return title:match("^%w+")
    end, fixes),
    { "ruff" }
  )
  local encodings = {} -- ruff and pyright do not agree with each other; Bridle brings no third
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = lint })) do
    encodings[client.name] = client.offset_encoding
  end
  assert(vim.list_contains({ encodings.ruff, encodings.pyright }, encodings.bridle), vim.inspect(encodings))
  probe.same(
    "warnings",
    vim.tbl_filter(function(message)
      return message:lower():find("encoding", 1, true) ~= nil
    end, probe.messages),
    {}
  )
end

function M.nothing_is_doubled()
  local _, test = find()
  local lint = vim.fn.bufadd(scene.root .. "/" .. scene.lint_file)
  probe.diagnostic(lint, "bridle·ruff")
  local another = vim.api.nvim_create_namespace("another tool")
  vim.diagnostic.set(another, test, { { lnum = 0, col = 0, message = "unused", source = "Ruff" } })
  probe.wait("Bridle leaves lint to Ruff", function()
    return #vim.diagnostic.get(lint) == 0
  end)
  vim.diagnostic.reset(another)
  probe.diagnostic(lint, "bridle·ruff")
  beside_real_servers()
end

--- What all servers of a buffer say of the first place that has a word, by the names of those who are asked.
---@param bufnr integer
---@param method string
---@param word string
---@return table<string, integer> places
local function told(bufnr, method, word)
  local line = vim.iter(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)):enumerate():find(function(_, text)
    return text:find(word, 1, true) ~= nil
  end)
  local text = vim.api.nvim_buf_get_lines(bufnr, line - 1, line, false)[1]
  local position = { line = line - 1, character = text:find(word, 1, true) }
  local answers = nil
  vim.lsp.buf_request_all(bufnr, method, {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    position = position,
    context = { includeDeclaration = false },
    query = word,
  }, function(results)
    answers = results
  end)
  probe.wait("answers to " .. method, function()
    return answers
  end)
  local counts = {}
  for id, said in pairs(answers or {}) do
    local result = said.result or said.error and {} or {}
    counts[vim.lsp.get_client_by_id(id).name] = result.uri and 1 or #result
  end
  return counts
end

function M.the_way_around_until_another_server_leads()
  local bufnr = probe.open(scene.source_file)
  local methods = {
    "textDocument/definition",
    "textDocument/references",
    "textDocument/documentSymbol",
    "textDocument/prepareCallHierarchy",
    "textDocument/prepareTypeHierarchy",
    "workspace/symbol",
  }
  local function leads(name)
    return vim.iter(vim.lsp.get_clients({ bufnr = bufnr, method = methods[1] })):any(function(client)
      return client.name == name
    end)
  end
  probe.wait("Bridle leads where nobody else does", function()
    return leads("bridle")
  end)
  for _, method in ipairs(methods) do
    probe.wait("Bridle answers " .. method, function()
      return (told(bufnr, method, "Money").bridle or 0) > 0
    end)
  end
  probe.same("definitions", told(bufnr, methods[1], "Money"), { bridle = 1 })
  probe.beside("pyright", "pyright-langserver", "--stdio")
  probe.wait("pyright leads, and Bridle no more", function()
    return leads("pyright") and not leads("bridle")
  end)
  probe.wait("pyright answers", function()
    return (told(bufnr, methods[1], "Money").pyright or 0) > 0
  end)
  probe.same("definitions beside pyright", told(bufnr, methods[1], "Money"), { pyright = 1 })
  probe.same("Bridle's uses beside pyright", told(bufnr, methods[2], "Money").bridle, nil)
  vim.lsp.enable("pyright", false)
  probe.wait("Bridle leads again", function()
    return leads("bridle")
  end)
end

function M.a_refused_edit()
  local _, test = find()
  vim.ui.input = function(_, give)
    give("loosen the test")
  end
  probe.choose(test, scene.finding_line, "bridle.edit")
  local offer = probe.diagnostic(test, "bridle", "refused")
  probe.same("accept is not offered", probe.actions(test, offer.lnum, "bridle.accept"), {})
  probe.same("but accept anyway", #probe.actions(test, offer.lnum, "bridle.acceptAnyway"), 1)
  probe.note("offer", offer.message)
  vim.cmd("1,3Bridle run explain briefly")
  probe.wait("what it wrote is shown", function()
    return vim.api.nvim_buf_get_name(0):find("explanation.md", 1, true)
  end)
  probe.note("explanation", probe.text(0))
end

--- The bill of a task is shown, says what the person chose, and offers on each line what can be chosen.
local function has_a_say_in_context(source)
  vim.api.nvim_set_current_buf(source)
  vim.cmd("Bridle whynot")
  probe.said("no task was asked about yet")
  vim.cmd("Bridle exclude " .. scene.second_file)
  vim.cmd(("%dBridle context round half a cent up"):format(scene.wrong_line + 1))
  local function shows(words)
    return function()
      return vim.api.nvim_buf_get_name(0):find("context.md", 1, true) and has(0, words)()
    end
  end
  probe.wait("the bill shows it", shows("kept out by you: " .. scene.second_file))
  local line = vim.iter(vim.api.nvim_buf_get_lines(0, 0, -1, false)):enumerate():find(function(_, text)
    return text:find(scene.source_file .. ":", 1, true) ~= nil
  end)
  probe.wait("the bill has its client", function()
    return vim.lsp.get_clients({ name = "bridle", bufnr = 0 })[1]
  end)
  probe.choose(vim.api.nvim_get_current_buf(), line - 1, "bridle.pin")
  probe.wait("the bill is read again", shows("pinned by you: " .. scene.source_file))
  probe.same("clients", #vim.lsp.get_clients({ name = "bridle" }), 1)
  vim.api.nvim_set_current_buf(vim.fn.bufadd(vim.fs.joinpath(scene.root, scene.second_file)))
  vim.cmd("Bridle whynot")
  probe.said("is left out: excluded by you")
  vim.cmd("Bridle unpin")
  probe.said("no longer pinned or kept out: all of it")
  vim.api.nvim_set_current_buf(source)
end

function M.command_line()
  local source = open_both()
  has_a_say_in_context(source)
  probe.same(
    "completion",
    vim.fn.getcompletion("Bridle re", "cmdline"),
    { "refresh", "reject", "restart", "resume", "revert" }
  )
  local manual = table.concat(vim.fn.readfile(vim.api.nvim_get_runtime_file("doc/bridle.txt", false)[1]), "\n")
  for _, name in ipairs(require("bridle.command").names()) do
    local found = manual:match("%f[%w]Bridle [%w|]*%f[%w]" .. name .. "%f[%W]")
    assert(found, "the manual tells of " .. name)
  end
  local step = require("bridle.command").step
  probe.same("a run and its step", step("r1 7"), { run = "r1", to = 7 })
  probe.same("a run alone", step("r1"), { run = "r1" })
  probe.same("no run", step(""), {})
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

M.streams = require("streams").play

return vim.tbl_extend("error", M, require("races")(propose, has))
