--- What the plugin adds to `lsp/bridle.lua`: capabilities, handlers, and the questions only an editor can ask.

local M = {}

---@return vim.lsp.Config
function M.config()
  return {
    capabilities = vim.tbl_deep_extend("error", require("bridle.neighbours").capabilities(), {
      experimental = { bridleStatus = true },
    }),
    before_init = M.agree_on_encoding,
    root_dir = require("bridle.shown").root_of,
    handlers = {
      ["workspace/applyEdit"] = require("bridle.undo").apply_edit,
      ["window/showDocument"] = require("bridle.shown").show,
      ["bridle/status"] = require("bridle.status").receive,
    },
    commands = { ["bridle.edit"] = M.edit },
    on_attach = function(client)
      require("bridle.sources").watch(client)
      require("bridle.neighbours").watch(client)
      require("bridle.review").watch(client)
    end,
  }
end

--- Two clients of one buffer that count columns differently make Neovim complain: follow those already here.
---@param params lsp.InitializeParams
function M.agree_on_encoding(params)
  local neighbour = vim.iter(vim.lsp.get_clients({ bufnr = vim.api.nvim_get_current_buf() })):find(function(client)
    return client.name ~= "bridle"
  end)
  if neighbour then
    params.capabilities.general.positionEncodings = { neighbour.offset_encoding }
  end
end

--- The server's own `bridle.edit` action has no instruction when there is none in the buffer: ask for it.
---@param command lsp.Command
---@param context { client_id: integer, bufnr?: integer }
function M.edit(command, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  local argument = (command.arguments or {})[1] or {}
  if not client then
    return
  end
  M.with_instruction(argument.instruction, function(instruction)
    M.execute(client, "bridle.edit", vim.tbl_extend("force", argument, { instruction = instruction }))
  end)
end

---@param instruction string?
---@param go_on fun(instruction: string)
function M.with_instruction(instruction, go_on)
  if instruction and instruction ~= "" then
    return go_on(instruction)
  end
  vim.ui.input({ prompt = "Bridle, edit: " }, function(given)
    if given and given ~= "" then
      go_on(given)
    end
  end)
end

--- Ask the server. What it refuses is shown; the answer itself goes to `on_answer`.
---@param client vim.lsp.Client
---@param command string
---@param argument table
---@param on_answer? fun(answer: any)
function M.execute(client, command, argument, on_answer)
  local params = { command = command, arguments = { next(argument) and argument or vim.empty_dict() } }
  client:request("workspace/executeCommand", params, function(problem, answer)
    if problem then
      vim.notify("Bridle: " .. problem.message, vim.log.levels.ERROR)
    elseif on_answer then
      on_answer(answer)
    end
  end)
end

--- The client of a buffer, of the current one by default; else any there is.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.of(bufnr)
  local here = vim.lsp.get_clients({ name = "bridle", bufnr = bufnr or vim.api.nvim_get_current_buf() })
  return here[1] or vim.lsp.get_clients({ name = "bridle" })[1]
end

return M
