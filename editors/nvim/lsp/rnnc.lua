-- For `vim.lsp.enable("rnnc")`, Neovim 0.11 or later.
return {
  cmd = { "rnnc", "lsp" },
  filetypes = { "rnn" },
  root_markers = { ".git" },
}
