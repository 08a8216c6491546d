/** The key of the model's endpoint, in the editor's secret storage; handed to the server in its environment alone. */

import { window, type ExtensionContext } from "vscode";

const NAME = "model.key";
const VARIABLE = "ANTHROPIC_API_KEY";

/** Ask for a key and keep it; an empty one removes it. Says whether anything changed. */
export async function askKey(context: ExtensionContext): Promise<boolean> {
  const prompt = "It is kept in the editor's secret storage. Leave it empty to remove the one that is there.";
  const key = await window.showInputBox({ title: "Bridle: Key of the Model", prompt, password: true });
  if (key === undefined) return false;
  if (key.trim()) await context.secrets.store(NAME, key.trim());
  else await context.secrets.delete(NAME);
  return true;
}

/** The environment with the kept key; one that the person set themselves stays. */
export async function withKey(context: ExtensionContext, environment: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const key = environment[VARIABLE] ? undefined : await context.secrets.get(NAME);
  return key ? { ...environment, [VARIABLE]: key } : environment;
}
