-- Plays one scenario in a real Neovim and writes what it saw. Started with `nvim --headless -u init.lua`; the
-- scenario runs as a coroutine beside Neovim's main loop, so that keys are typed as a person types them.

local here = vim.fs.dirname(debug.getinfo(1, "S").source:sub(2))
vim.opt.runtimepath:prepend(vim.fs.normalize(here .. "/../../../editors/nvim"))
package.path = here .. "/?.lua;" .. package.path

local probe = require("probe")
vim.api.nvim_create_autocmd("VimEnter", {
  callback = function()
    probe.play(require("scenarios")[vim.env.BRIDLE_SCENARIO])
  end,
})
