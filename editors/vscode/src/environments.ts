/** The Python that the person chose for the first folder, where the extension Python Environments is there to tell. */

import { isAbsolute } from "node:path";
import { extensions, workspace, type Uri } from "vscode";

const ID = "ms-python.vscode-python-envs";
const WAIT_MS = 5000;

/** As much of that extension's API as is used here; anything of it may be missing in another version. */
interface Api {
  getEnvironment?(scope: Uri | undefined): Promise<{ execInfo?: { run?: { executable?: string } } } | undefined>;
}

/** Its absolute path; undefined where nobody tells, or not in time. */
export async function chosenPython(): Promise<string | undefined> {
  const extension = extensions.getExtension<Api | undefined>(ID);
  if (!extension) return undefined;
  const asked = async (): Promise<string | undefined> => {
    const api = await extension.activate();
    const environment = await api?.getEnvironment?.(workspace.workspaceFolders?.[0]?.uri);
    return environment?.execInfo?.run?.executable;
  };
  const late = new Promise<undefined>((done) => setTimeout(() => done(undefined), WAIT_MS));
  const python = await Promise.race([asked().catch(() => undefined), late]);
  return python !== undefined && isAbsolute(python) ? python : undefined;
}
