/** Finds the `bridle` program. Starts nothing and asks nobody. */

import { constants } from "node:fs";
import { access } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";

export interface Found {
  readonly command: string;
  readonly origin: "setting bridle.path" | "environment BRIDLE" | "PATH" | "chosen Python environment"
    | "installed by this extension";
}

export interface Places {
  /** Value of the setting `bridle.path`. */
  readonly setting: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The Python of the environment that the person chose, where that is known. */
  readonly python: string | undefined;
  /** Where this extension installs a server of its own version. */
  readonly managed: string;
  /** Whether that one comes before all but the setting: the person wanted it instead of another version. */
  readonly ownFirst: boolean;
}

/** A place that the person named holds no program; falling back would hide their mistake. */
export class NotThere extends Error {
  constructor(origin: Found["origin"], command: string) {
    super(`${origin} names '${command}', which is not a program. Correct or clear it.`);
  }
}

/** The first of setting, environment, PATH, chosen Python and managed environment; undefined if there is none. */
export async function findServer(places: Places): Promise<Found | undefined> {
  const own: Found = { command: places.managed, origin: "installed by this extension" };
  const setting: Found = { command: expandHome(places.setting.trim()), origin: "setting bridle.path" };
  if (places.ownFirst && setting.command === "" && (await isProgram(own.command))) return own;
  const variable = expandHome(places.environment["BRIDLE"]?.trim() ?? "");
  const named: Found[] = [setting, { command: variable, origin: "environment BRIDLE" }];
  for (const place of named.filter((each) => each.command !== "")) {
    if (await isProgram(place.command)) return place;
    throw new NotThere(place.origin, place.command);
  }
  for (const folder of searchPath(places.environment)) {
    const command = path.join(folder, programName("bridle"));
    if (await isProgram(command)) return { command, origin: "PATH" };
  }
  const beside = places.python === undefined ? "" : path.join(path.dirname(places.python), programName("bridle"));
  if (await isProgram(beside)) return { command: beside, origin: "chosen Python environment" };
  return (await isProgram(own.command)) ? own : undefined;
}

export function programName(name: string): string {
  return process.platform === "win32" ? `${name}.exe` : name;
}

/** The absolute folders of PATH: a relative one would let the opened folder supply the program. */
export function searchPath(environment: NodeJS.ProcessEnv): string[] {
  const value = environment["PATH"] ?? environment["Path"] ?? "";
  return value.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
}

async function isProgram(command: string): Promise<boolean> {
  if (!path.isAbsolute(command)) return false;
  return access(command, constants.X_OK).then(() => true, () => false);
}

function expandHome(command: string): string {
  return command.startsWith("~/") ? path.join(os.homedir(), command.slice(2)) : command;
}
