// Starts `rnnc lsp` and speaks to it; everything else is in the server.
// @ts-check
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;

async function start() {
  const command = vscode.workspace.getConfiguration("rnnc").get("path", "rnnc");
  client = new LanguageClient(
    "rnnc",
    "rnnc",
    { command, args: ["lsp"] },
    { documentSelector: [{ language: "rnn" }] },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    vscode.window.showErrorMessage(`Cannot start \`${command} lsp\`: ${error}. Is rnnc.path set to the program?`);
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

/** @param {vscode.ExtensionContext} context */
exports.activate = async (context) => {
  const restart = async () => {
    await stop();
    await start();
  };
  context.subscriptions.push(
    vscode.commands.registerCommand("rnnc.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("rnnc.path")) restart();
    }),
  );
  await start();
};

exports.deactivate = stop;
