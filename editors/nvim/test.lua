-- Neovim without a window attaches the server, shows a diagnostic and hovers. From the root of the project:
--   RNNC=target/debug/rnnc nvim --headless -u NONE -c "luafile editors/nvim/test.lua"
-- Uses what Neovim has had since 0.7.

local function fail(what)
  io.stderr:write("failed: " .. what .. "\n")
  vim.cmd("cquit 1")
end

local function wait_for(what, condition)
  if not vim.wait(10000, condition, 20) then
    fail(what)
  end
end

local function check()
  vim.opt.runtimepath:append("editors/nvim")
  vim.cmd("filetype plugin on | syntax on")

  local path = vim.fn.tempname() .. ".rnn"
  vim.fn.writefile({
    "model M(text: words[T]) -> class[C] {",
    "  text |> embedding(8) |> lsmt(8) |> last |> dense(C) |> softmax",
    "}",
  }, path)
  vim.cmd("edit " .. path)
  assert(vim.bo.filetype == "rnn", "the file type is " .. vim.bo.filetype)
  assert(vim.fn.synIDattr(vim.fn.synID(2, 11, 1), "name") == "rnnLibrary", "`embedding` is not highlighted")

  local client = vim.lsp.start_client({
    name = "rnnc",
    cmd = { os.getenv("RNNC") or "rnnc", "lsp" },
    root_dir = vim.fn.fnamemodify(path, ":h"),
  })
  assert(client, "the server was not started")
  vim.lsp.buf_attach_client(0, client)

  wait_for("a diagnostic of `lsmt`", function()
    local first = vim.diagnostic.get(0)[1]
    return first and first.message:find("lsmt") ~= nil and first.lnum == 1
  end)

  vim.api.nvim_buf_set_text(0, 1, 26, 1, 30, { "lstm" })
  wait_for("the diagnostic to go", function()
    return #vim.diagnostic.get(0) == 0
  end)

  local position = { textDocument = vim.lsp.util.make_text_document_params(), position = { line = 1, character = 27 } }
  local answers = vim.lsp.buf_request_sync(0, "textDocument/hover", position, 10000) or {}
  local hover = answers[client] and answers[client].result
  assert(hover and vim.inspect(hover.contents):find("lstm"), "the hover says " .. vim.inspect(answers))

  vim.lsp.stop_client(client)
end

local sound, message = pcall(check)
if not sound then
  fail(message)
end
print("attached, diagnosed, hovered\n")
vim.cmd("qall!")
