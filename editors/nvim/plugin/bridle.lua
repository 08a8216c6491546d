-- Loads nothing but what the first Python buffer or `:Bridle` needs. `vim.g.bridle_enable = false` leaves
-- `vim.lsp.enable("bridle")` to you.

if vim.g.loaded_bridle then
  return
end
vim.g.loaded_bridle = true

if vim.fn.has("nvim-0.11") == 0 then
  vim.notify("Bridle needs Neovim 0.11 or later.", vim.log.levels.WARN)
  return
end

vim.lsp.config("bridle", require("bridle.client").config())

vim.api.nvim_create_user_command("Bridle", function(command)
  require("bridle.command").run(command)
end, {
  nargs = "+",
  range = true,
  desc = "Bridle: what :help :Bridle says of each subcommand",
  complete = function(...)
    return require("bridle.command").complete(...)
  end,
})

if vim.g.bridle_enable ~= false then
  vim.lsp.enable("bridle")
end
