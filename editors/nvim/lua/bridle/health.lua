--- `:checkhealth bridle`: the editor's side. `bridle doctor` looks at the rest.

local M = {}

function M.check()
  local health = vim.health
  health.start("bridle")
  M.check_program(vim.lsp.config.bridle.cmd[1])
  local clients = vim.lsp.get_clients({ name = "bridle" })
  if #clients == 0 then
    local types = table.concat(vim.lsp.config.bridle.filetypes, ", ")
    health.info("No server is running: open a file of one of these types: " .. types)
  end
  for _, client in ipairs(clients) do
    local status = require("bridle.status").of(client)
    health.ok(("Serving %s (%s)"):format(client.root_dir or "a single file", client.offset_encoding))
    health.info("Status: " .. (status and status.text or "none yet"))
  end
end

---@param program string
function M.check_program(program)
  if vim.fn.executable(program) == 0 then
    vim.health.error(("%q is not a program"):format(program), {
      "Install it: pip install bridle (or pipx, uv tool)",
      "Or name it: set the environment variable BRIDLE before Neovim starts",
    })
    return
  end
  local version = vim
    .system({ program, "--version" }, { text = true, env = { PYTHONPATH = "" }, timeout = 5000 })
    :wait()
  if version.code == 0 then
    vim.health.ok(("%s is %s"):format(program, vim.trim(version.stdout)))
  else
    vim.health.error(("%s --version failed"):format(program), { vim.trim(version.stderr), "Run: bridle doctor" })
  end
end

return M
